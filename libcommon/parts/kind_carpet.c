/* carpet: a flat weave of two yarns, twilled. */
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { PHASE_X, PHASE_Y, TONE };
static const double YARNS = 17; /* a unit length */

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double wander = 0.25 * noise_smooth(p->seed, 2.1 * s->x, 2.1 * s->y);
    double u = s->x * YARNS + p->trait[PHASE_X] + wander, v = s->y * YARNS + p->trait[PHASE_Y] - wander;
    int i = (int)floor(u), j = (int)floor(v);
    double a = u - i - 0.5, b = v - j - 0.5; /* from the middle of the crossing */
    bool warp_above = ((i + j) % 4 + 4) % 4 < 2;
    /* the upper yarn arches over the crossing and rounds off at its sides */
    double side = warp_above ? a : b, along = warp_above ? b : a;
    double fibre = warp_above ? noise_smooth(p->seed + 1, 7 * u + 2.5 * along, 1.1 * v)
                              : noise_smooth(p->seed + 2, 1.1 * u, 7 * v + 2.5 * along);
    double round = sqrt(shape_max(1 - 3.4 * side * side, 0)), arch = 1 - 1.5 * along * along;
    double own =
        noise_white(p->seed + 3, warp_above ? i : -999, warp_above ? -999 : j); /* no yarn is like the next */
    double fuzz = noise_fractal(p->seed + 4, 60 * s->x, 60 * s->y, 2);
    t->height = (float)(0.030 * round * arch + 0.0035 * fibre + 0.0015 * fuzz);
    double tone =
        p->trait[TONE] * (0.80 + 0.2 * round) * (0.90 + 0.20 * own) * (1 + 0.12 * fibre + 0.06 * fuzz);
    if (warp_above)
        texel_tint(t, 0.215 * tone, 0.225 * tone, 0.245 * tone, 1);
    else
        texel_tint(t, 0.105 * tone, 0.120 * tone, 0.155 * tone, 1);
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[PHASE_X] = rng_range(r, 0, 4);
    p->trait[PHASE_Y] = rng_range(r, 0, 4);
    p->trait[TONE] = rng_range(r, 0.92, 1.08);
}

static const struct flaw_recipe flaws[] = {{.name = "colour",
                                            .form = FLAW_COLOUR,
                                            .smallest = 0.13,
                                            .largest = 0.28,
                                            .red = 0.32,
                                            .green = 0.07,
                                            .blue = 0.06},
                                           {.name = "cut",
                                            .form = FLAW_CUT,
                                            .smallest = 0.15,
                                            .largest = 0.35,
                                            .red = 0.015,
                                            .green = 0.014,
                                            .blue = 0.013},
                                           {.name = "hole",
                                            .form = FLAW_HOLE,
                                            .smallest = 0.06,
                                            .largest = 0.12,
                                            .red = 0.02,
                                            .green = 0.018,
                                            .blue = 0.015},
                                           {.name = "metal",
                                            .form = FLAW_DEBRIS,
                                            .smallest = 0.15,
                                            .largest = 0.22,
                                            .red = 0.80,
                                            .green = 0.72,
                                            .blue = 0.50,
                                            .metal = 0.4},
                                           {.name = "thread",
                                            .form = FLAW_THREAD,
                                            .smallest = 0.25,
                                            .largest = 0.5,
                                            .red = 0.62,
                                            .green = 0.58,
                                            .blue = 0.50},
                                           {0}};

const struct part_kind part_carpet = {.name = "carpet",
                                      .about = "twilled carpet",
                                      .texture = true,
                                      .flaws = flaws,
                                      .jitter = 0.05,
                                      .turn = 0.008,
                                      .vary = vary,
                                      .draw = draw};
