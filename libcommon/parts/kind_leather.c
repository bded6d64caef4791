/* leather: brown grain leather, its cells by cellular noise. */
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { TONE, STRETCH };

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x + 0.02 * noise_smooth(p->seed, 6 * s->x, 6 * s->y);
    double y = s->y + 0.02 * noise_smooth(p->seed + 1, 6 * s->x, 6 * s->y);
    struct noise_cell large = noise_cell(p->seed + 2, 13 * x, 13 * p->trait[STRETCH] * y);
    struct noise_cell small = noise_cell(p->seed + 3, 31 * x, 31 * y);
    double furrow = shape_ramp(0.02, 0.32, large.second - large.nearest);
    double fine = shape_ramp(0.0, 0.30, small.second - small.nearest);
    double swell = noise_fractal(p->seed + 4, 2.5 * x, 2.5 * y, 3);
    t->height = (float)(0.0105 * furrow + 0.0048 * fine + 0.010 * swell +
                        0.0006 * noise_smooth(p->seed + 5, 120 * x, 120 * y));
    double cell = (double)(large.id & 255) / 255;
    double tone = p->trait[TONE] * (0.66 + 0.22 * furrow + 0.10 * fine + 0.06 * cell) * (1 + 0.06 * swell);
    texel_tint(t, 0.235 * tone, 0.090 * tone, 0.042 * tone, 1);
    t->gloss = (float)(0.20 + 0.12 * fine);
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[TONE] = rng_range(r, 0.93, 1.07);
    p->trait[STRETCH] = rng_range(r, 0.95, 1.10);
}

static const struct flaw_recipe flaws[] = {
    {.name = "colour",
     .form = FLAW_COLOUR,
     .smallest = 0.12,
     .largest = 0.25,
     .red = 0.10,
     .green = 0.13,
     .blue = 0.17},
    {.name = "cut",
     .form = FLAW_CUT,
     .smallest = 0.15,
     .largest = 0.35,
     .red = 0.30,
     .green = 0.19,
     .blue = 0.12},
    {.name = "fold", .form = FLAW_FOLD, .smallest = 0.3, .largest = 0.6},
    {.name = "glue",
     .form = FLAW_GLUE,
     .smallest = 0.09,
     .largest = 0.18,
     .red = 0.45,
     .green = 0.40,
     .blue = 0.32},
    {.name = "poke",
     .form = FLAW_HOLE,
     .smallest = 0.03,
     .largest = 0.055,
     .red = 0.015,
     .green = 0.01,
     .blue = 0.01},
    {0}};

const struct part_kind part_leather = {.name = "leather",
                                       .about = "grain leather",
                                       .texture = true,
                                       .flaws = flaws,
                                       .jitter = 0.05,
                                       .turn = 0.01,
                                       .vary = vary,
                                       .draw = draw};
