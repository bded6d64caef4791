/* steel: brushed sheet. */
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { TONE, BAND };

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x, y = s->y + 0.01 * noise_smooth(p->seed, 0.7 * s->x, 0.7 * s->y);
    double coarse = noise_smooth(p->seed + 1, 1.3 * x, 60 * y),
           fine = noise_smooth(p->seed + 2, 3.1 * x, 170 * y);
    double hair = noise_smooth(p->seed + 3, 7 * x, 290 * y);
    double deep = shape_ramp(0.55, 0.85, noise_smooth(p->seed + 4, 2.2 * x, 120 * y));
    double broad = noise_fractal(p->seed + 5, 0.9 * x, 1.7 * y, 2);
    t->height = (float)(0.00030 * coarse + 0.00022 * fine + 0.00012 * hair - 0.0004 * deep);
    /* the lamp's reflection is drawn out across the brushing */
    double band = shape_bump(x + 0.15 * y - p->trait[BAND], 1.6);
    double tone = p->trait[TONE] * (0.82 + 0.30 * band) *
                  (1 + 0.06 * coarse + 0.08 * fine + 0.05 * hair - 0.10 * deep + 0.03 * broad);
    texel_tint(t, 0.56 * tone, 0.57 * tone, 0.595 * tone, 1);
    texel_finish(t, 0.1, 0.75, 1);
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[TONE] = rng_range(r, 0.93, 1.05);
    p->trait[BAND] = rng_range(r, -0.35, 0.35);
}

static const struct flaw_recipe flaws[] = {
    {.name = "dent", .form = FLAW_DENT, .smallest = 0.10, .largest = 0.2},
    {.name = "fingerprint",
     .form = FLAW_PRINT,
     .smallest = 0.17,
     .largest = 0.26,
     .red = 0.36,
     .green = 0.35,
     .blue = 0.33},
    {.name = "rust",
     .form = FLAW_STAIN,
     .smallest = 0.08,
     .largest = 0.2,
     .red = 0.26,
     .green = 0.095,
     .blue = 0.03},
    {.name = "scratch",
     .form = FLAW_SCRATCH,
     .smallest = 0.2,
     .largest = 0.45,
     .red = 0.97,
     .green = 0.97,
     .blue = 1.0,
     .metal = 0.4},
    {.name = "swarf",
     .form = FLAW_DEBRIS,
     .smallest = 0.08,
     .largest = 0.14,
     .red = 0.10,
     .green = 0.09,
     .blue = 0.08,
     .metal = 0.3},
    {0}};

const struct part_kind part_steel = {.name = "steel",
                                     .about = "brushed steel sheet",
                                     .texture = true,
                                     .flaws = flaws,
                                     .jitter = 0.05,
                                     .turn = 0.006,
                                     .vary = vary,
                                     .draw = draw};
