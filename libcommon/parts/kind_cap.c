/* cap: the screw cap of a bottle from above: knurled skirt, embossed top. */
#include "image/font.h"
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { RIDGES = 72 };
enum { NO_EMBOSSING = 1 };
enum { TONE };
static const double TOP = 0.68, SKIRT = 0.74, DOT = 0.034;

/* Embossed letters, 0 .. 1. */
static double letters(double x, double y)
{
    double u = x / DOT + 11.5, v = y / DOT + 3.5, left = floor(u), top = floor(v), near = 9;
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++)
            if (font_text_dot("FERN", (int)left + i, (int)top + j))
                near = shape_min(near, shape_box(u - left - i - 0.5, v - top - j - 0.5, 0.72, 0.72, 0.3));
    return shape_ramp(0.25, -0.2, near);
}

static double emboss(const struct part *p, double x, double y, double r)
{
    double ring = shape_bump(r - 0.56, 0.03), word = letters(x, y);
    double arrow = 0;
    for (int i = 0; i < 12; i++) { /* dots around: which way it opens */
        double turn = (i + 0.5) / 12;
        arrow = shape_max(
            arrow,
            shape_ramp(0.03, 0.018, shape_length(x - 0.49 * shape_cos(turn), y - 0.49 * shape_sin(turn))));
    }
    if (p->flaw.structure == NO_EMBOSSING)
        word *= shape_ramp(-0.3, 0.1, noise_smooth(p->flaw.seed, 2.2 * x, 2.2 * y) - 0.5 * p->flaw.strength);
    return shape_max(ring, shape_max(word, arrow));
}

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x, y = s->y, r = shape_length(x, y);
    double ground = 0.050 * (1 + 0.10 * noise_smooth(p->seed, 90 * x, 90 * y));
    *t =
        (struct texel){.red = (float)ground, .green = (float)(1.04 * ground), .blue = (float)(1.12 * ground)};

    double wave = shape_cos(shape_turn(x, y) * RIDGES);
    double d = shape_max(r - SKIRT - 0.012 * wave, -s->bite), k = shape_cover(d, p->pixel);
    if (k == 0)
        return;
    double top = shape_max(r - TOP, 0.045 - s->bite);
    double height = 0.10 * shape_bevel(d, 0.05) + 0.10 * shape_bevel(top, 0.06);
    height += 0.010 * wave * shape_ramp(0.65, 0.71, r) + 0.02 * (1 - r * r);
    height += 0.016 * emboss(p, x, y, r) + 0.0006 * noise_fractal(p->seed + 1, 30 * x, 30 * y, 3);
    double tone = p->trait[TONE];
    t->height = (float)(height * k);
    texel_tint(t, 0.50 * tone, 0.045 * tone, 0.040 * tone, k);
    texel_finish(t, 0.55, 0, k);
    t->part = (float)k;
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[TONE] = rng_range(r, 0.92, 1.08);
}

static const struct flaw_recipe flaws[] = {
    {.name = "broken", .form = FLAW_BITE, .place = ON_RIM, .smallest = 0.10, .largest = 0.22},
    {.name = "contamination",
     .form = FLAW_DEBRIS,
     .smallest = 0.11,
     .largest = 0.18,
     .red = 0.30,
     .green = 0.27,
     .blue = 0.20},
    {.name = "crack",
     .form = FLAW_CRACK,
     .smallest = 0.18,
     .largest = 0.34,
     .red = 0.02,
     .green = 0.01,
     .blue = 0.01},
    {.name = "dent", .form = FLAW_DENT, .smallest = 0.13, .largest = 0.22},
    {.name = "discoloured",
     .form = FLAW_COLOUR,
     .smallest = 0.12,
     .largest = 0.25,
     .red = 0.55,
     .green = 0.22,
     .blue = 0.05},
    {.name = "moulding", .form = FLAW_STRUCTURE, .smallest = 0.1, .largest = 0.1, .structure = NO_EMBOSSING},
    {0}};

const struct part_kind part_cap = {.name = "cap",
                                   .about = "embossed screw cap",
                                   .flaws = flaws,
                                   .jitter = 0.04,
                                   .turn = 0.03,
                                   .vary = vary,
                                   .draw = draw};
