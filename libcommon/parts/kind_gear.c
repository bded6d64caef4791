/* gear: a turned spur gear of steel with a keyed bore and five lightening holes, on grey paper. */
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { TEETH = 22, HOLES = 5 };
enum { BROKEN_TOOTH = 1, HOLE_MISSING };
enum { RINGS, TONE, FACET };
static const double ROOT = 0.60, TIP = 0.71;

/* Whether the structural flaw concerns number i of n. */
static bool picked(const struct part *p, int structure, int i, int n)
{
    return p->flaw.structure == structure && (int)(p->flaw.pick % (uint32_t)n) == i;
}

static double outline(const struct part *p, double x, double y)
{
    double r = shape_length(x, y), turn = (shape_turn(x, y) + 0.5) * TEETH;
    int tooth = (int)floor(turn);
    double along = (turn - tooth - 0.5) * 6.283185307179586 / TEETH * r; /* arc length from its middle */
    double half = 0.058 - 0.26 * (r - ROOT);
    double tip = TIP;
    if (picked(p, BROKEN_TOOTH, tooth, TEETH))
        tip = ROOT + (TIP - ROOT) * 0.75 * (1 - p->flaw.strength) +
              0.012 * noise_smooth(p->flaw.seed, 30 * x, 30 * y) + 0.25 * along;
    double flank = shape_max(r - tip, fabs(along) - half);
    return shape_join(r - ROOT, flank, 0.03);
}

static double holes(const struct part *p, double x, double y)
{
    double d = 0.17 - shape_length(x, y);
    d = shape_max(d, -shape_box(x, y - 0.17, 0.045, 0.05, 0.005));
    for (int i = 0; i < HOLES; i++)
        if (!picked(p, HOLE_MISSING, i, HOLES)) {
            double turn = (i + 0.25) / HOLES;
            d = shape_max(d, 0.068 - shape_length(x - 0.40 * shape_cos(turn), y - 0.40 * shape_sin(turn)));
        }
    return d;
}

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x, y = s->y, r = shape_length(x, y);
    double paper = 0.33 * (1 + 0.03 * noise_smooth(p->seed, 70 * x, 70 * y));
    *t = (struct texel){.red = (float)(paper * 0.97), .green = (float)paper, .blue = (float)(paper * 1.05)};

    double d = shape_max(shape_max(outline(p, x, y), holes(p, x, y)), -s->bite);
    double k = shape_cover(d, p->pixel);
    if (k == 0)
        return;
    double web = shape_ramp(0.275, 0.295, r) * shape_ramp(0.525, 0.505, r); /* recessed between hub and rim */
    double ring = noise_smooth(p->seed + 1, 130 * r + p->trait[RINGS], 0.5) +
                  0.6 * noise_smooth(p->seed + 2, 310 * r, 1.2 * shape_turn(x, y));
    double height = 0.10 * shape_bevel(d, 0.018) - 0.035 * web + 0.00035 * ring * (1 - 0.6 * web);
    /* turned rings mirror the lamp as two bright fans */
    double u = p->cosine * x - p->sine * y, v = p->sine * x + p->cosine * y;
    double fan = shape_cos(2 * (shape_turn(u, v) - p->trait[FACET])) * shape_ramp(0.1, 0.3, r);
    double tone = p->trait[TONE] * (1 + (0.26 - 0.12 * web) * fan + 0.05 * ring +
                                    0.03 * noise_fractal(p->seed + 3, 9 * x, 9 * y, 3));
    t->height = (float)(height * k);
    texel_tint(t, 0.60 * tone, 0.61 * tone, 0.64 * tone, k);
    texel_finish(t, 0.15, 0.85, k);
    t->part = (float)k;
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[RINGS] = rng_range(r, 0, 100);
    p->trait[TONE] = rng_range(r, 0.92, 1.06);
    p->trait[FACET] = 0.64 + rng_range(r, -0.02, 0.02);
}

static const struct flaw_recipe flaws[] = {
    {.name = "broken_tooth",
     .form = FLAW_STRUCTURE,
     .smallest = 0.1,
     .largest = 0.1,
     .structure = BROKEN_TOOTH},
    {.name = "chip", .form = FLAW_BITE, .place = ON_RIM, .smallest = 0.07, .largest = 0.14},
    {.name = "hole_missing",
     .form = FLAW_STRUCTURE,
     .smallest = 0.1,
     .largest = 0.1,
     .structure = HOLE_MISSING},
    {.name = "rust",
     .form = FLAW_STAIN,
     .smallest = 0.09,
     .largest = 0.20,
     .red = 0.24,
     .green = 0.085,
     .blue = 0.025},
    {.name = "scratch",
     .form = FLAW_SCRATCH,
     .smallest = 0.15,
     .largest = 0.35,
     .red = 0.14,
     .green = 0.14,
     .blue = 0.15,
     .metal = 0.2},
    {0}};

const struct part_kind part_gear = {.name = "gear",
                                    .about = "turned steel gear",
                                    .flaws = flaws,
                                    .jitter = 0.04,
                                    .turn = 0.5,
                                    .vary = vary,
                                    .draw = draw};
