/* wood: a planed board of oak: rings cut lengthwise, fibres, pores. */
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { OFFSET, SLANT, TONE, DENSITY };

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x, y = s->y;
    double bow =
        0.16 * noise_smooth(p->seed, 1.1 * x, 0.5 * y) + 0.05 * noise_fractal(p->seed + 1, 3 * x, 0.9 * y, 3);
    double depth = (x + p->trait[SLANT] * y + bow) * p->trait[DENSITY] + p->trait[OFFSET];
    depth += 0.55 * noise_smooth(p->seed + 6, 0.45 * depth, 0.5); /* wide years and narrow ones */
    double ring = depth - floor(depth);
    double late =
        shape_ramp(0.25, 0.9, ring) * shape_ramp(1, 0.86, ring); /* late wood darkens, then the year ends */
    double fibre = noise_fractal(p->seed + 2, 75 * (x + 0.3 * bow), 2.2 * y, 3);
    double pore =
        shape_ramp(0.34, 0.62, noise_smooth(p->seed + 3, 95 * (x + 0.3 * bow), 7 * y)) * (1 - 0.6 * late);
    double ray = shape_ramp(0.45, 0.8, noise_smooth(p->seed + 4, 28 * x, 9 * y));
    double broad = noise_smooth(p->seed + 5, 1.3 * x, 0.6 * y);
    double tone = p->trait[TONE] * (1 + 0.07 * fibre + 0.05 * broad + 0.05 * ray);
    texel_tint(t, tone * shape_mix(0.54, 0.41, late), tone * shape_mix(0.320, 0.215, late),
               tone * shape_mix(0.140, 0.083, late), 1);
    texel_tint(t, 0.13, 0.065, 0.025, 0.62 * pore);
    t->height = (float)(0.0012 * fibre - 0.004 * pore);
    t->gloss = 0.08f;
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[OFFSET] = rng_range(r, 0, 100);
    p->trait[SLANT] = rng_range(r, -0.05, 0.05);
    p->trait[TONE] = rng_range(r, 0.92, 1.06);
    p->trait[DENSITY] = rng_range(r, 5.5, 7.5);
}

static const struct flaw_recipe flaws[] = {{.name = "colour",
                                            .form = FLAW_COLOUR,
                                            .smallest = 0.13,
                                            .largest = 0.26,
                                            .red = 0.42,
                                            .green = 0.09,
                                            .blue = 0.10},
                                           {.name = "crack",
                                            .form = FLAW_CRACK,
                                            .upright = true,
                                            .smallest = 0.2,
                                            .largest = 0.4,
                                            .red = 0.03,
                                            .green = 0.016,
                                            .blue = 0.01},
                                           {.name = "hole",
                                            .form = FLAW_HOLE,
                                            .smallest = 0.04,
                                            .largest = 0.09,
                                            .red = 0.035,
                                            .green = 0.02,
                                            .blue = 0.01},
                                           {.name = "liquid",
                                            .form = FLAW_STAIN,
                                            .smallest = 0.12,
                                            .largest = 0.25,
                                            .red = 0.16,
                                            .green = 0.09,
                                            .blue = 0.045},
                                           {.name = "scratch",
                                            .form = FLAW_SCRATCH,
                                            .smallest = 0.2,
                                            .largest = 0.45,
                                            .red = 0.78,
                                            .green = 0.62,
                                            .blue = 0.42},
                                           {0}};

const struct part_kind part_wood = {.name = "wood",
                                    .about = "planed oak",
                                    .texture = true,
                                    .flaws = flaws,
                                    .jitter = 0.05,
                                    .turn = 0.008,
                                    .vary = vary,
                                    .draw = draw};
