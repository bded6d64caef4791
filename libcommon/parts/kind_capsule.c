/* capsule: a two-part hard capsule, printed, on pale card. */
#include "image/font.h"
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { MISPRINT = 1, SQUEEZED };
enum { TONE, PRINT_X, PRINT_Y };
static const double HALF = 0.44, BODY = 0.255, COVER = 0.272, JOINT = 0.06, DOT = 0.0195;

/* The imprint: dots of ink, rounded; the part of (x, y) that is inked. */
static double ink(const struct part *p, double x, double y)
{
    const char *text = "FERN";
    bool misprint = p->flaw.structure == MISPRINT;
    double dx = misprint ? (0.02 + 0.05 * p->flaw.strength) : 0,
           tilt = misprint ? 0.05 + 0.12 * p->flaw.strength : 0;
    double u = (x + 0.42 - dx - p->trait[PRINT_X]) / DOT,
           v = (y - tilt * x + 0.068 - p->trait[PRINT_Y]) / DOT;
    double left = floor(u), top = floor(v), gap = 0, cover;
    if (!font_text_dot(text, (int)left, (int)top))
        return 0;
    if (misprint) /* part of it did not take */
        gap =
            shape_ramp(0.1, 0.35, noise_smooth(p->flaw.seed, 9 * x, 9 * y)) * (0.5 + 0.5 * p->flaw.strength);
    cover = shape_cover((shape_box(u - left - 0.5, v - top - 0.5, 0.54, 0.54, 0.3)) * DOT, p->pixel);
    return cover * (1 - gap);
}

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x, y = s->y;
    double card = 0.66 * (1 + 0.02 * noise_smooth(p->seed, 55 * x, 55 * y));
    *t = (struct texel){.red = (float)card, .green = (float)(card * 0.985), .blue = (float)(card * 0.94)};

    bool cover = x > JOINT;
    double radius = cover ? COVER : BODY;
    if (p->flaw.structure == SQUEEZED) {
        double at = ((double)(p->flaw.pick % 100) - 50) / 50 * 0.45;
        radius *= 1 - (0.05 + 0.16 * p->flaw.strength) * shape_bump(x - at, 0.22);
    }
    double axis = fabs(x) > HALF ? shape_length(fabs(x) - HALF, y) : fabs(y);
    double d = shape_max(axis - radius, -s->bite), k = shape_cover(d, p->pixel);
    if (k == 0)
        return;
    double lip = cover ? 0.006 * shape_bump(x - JOINT - 0.012, 0.014) : 0;
    t->height = (float)(k * (0.75 * sqrt(shape_max(radius * radius - axis * axis, 0)) + lip +
                             0.0009 * noise_fractal(p->seed + 1, 8 * x, 8 * y, 2)));
    double tone = p->trait[TONE], groove = 1 - 0.35 * shape_bump(x - JOINT + 0.004, 0.012);
    if (cover)
        texel_tint(t, 0.030 * tone, 0.215 * tone, 0.300 * tone, k);
    else
        texel_tint(t, 0.80 * tone * groove, 0.74 * tone * groove, 0.58 * tone * groove, k);
    texel_finish(t, 0.9, 0, k);
    if (!cover)
        texel_tint(t, 0.03, 0.03, 0.05, 0.9 * k * ink(p, x, y));
    t->part = (float)k;
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[TONE] = rng_range(r, 0.93, 1.05);
    p->trait[PRINT_X] = rng_range(r, -0.015, 0.015);
    p->trait[PRINT_Y] = rng_range(r, -0.02, 0.02);
}

static const struct flaw_recipe flaws[] = {
    {.name = "crack",
     .form = FLAW_CRACK,
     .smallest = 0.12,
     .largest = 0.22,
     .red = 0.05,
     .green = 0.05,
     .blue = 0.05},
    {.name = "misprint", .form = FLAW_STRUCTURE, .smallest = 0.1, .largest = 0.1, .structure = MISPRINT},
    {.name = "poke",
     .form = FLAW_HOLE,
     .smallest = 0.03,
     .largest = 0.055,
     .red = 0.04,
     .green = 0.035,
     .blue = 0.03},
    {.name = "scratch",
     .form = FLAW_SCRATCH,
     .smallest = 0.1,
     .largest = 0.25,
     .red = 0.55,
     .green = 0.53,
     .blue = 0.48},
    {.name = "squeeze", .form = FLAW_STRUCTURE, .smallest = 0.1, .largest = 0.1, .structure = SQUEEZED},
    {.name = "stain",
     .form = FLAW_STAIN,
     .smallest = 0.06,
     .largest = 0.13,
     .red = 0.30,
     .green = 0.15,
     .blue = 0.04},
    {0}};

const struct part_kind part_capsule = {.name = "capsule",
                                       .about = "printed two-part capsule",
                                       .flaws = flaws,
                                       .jitter = 0.04,
                                       .turn = 0.02,
                                       .vary = vary,
                                       .draw = draw};
