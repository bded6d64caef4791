#include "surface/programs.h"
#include "base/mem.h"
#include "fractal/elementary.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const program_names[] = {"noise",  "stripes", "cells", "grains", "fractal",
                                     "fibres", "bands",   "blend", NULL};

void program_run(enum program p, struct relief *t, struct rng *r)
{
    static void (*const run[PROGRAMS])(struct relief *, struct rng *) = {
        [PROGRAM_NOISE] = program_noise,     [PROGRAM_STRIPES] = program_stripes,
        [PROGRAM_CELLS] = program_cells,     [PROGRAM_GRAINS] = program_grains,
        [PROGRAM_FRACTAL] = program_fractal, [PROGRAM_FIBRES] = program_fibres,
        [PROGRAM_BANDS] = program_bands,     [PROGRAM_BLEND] = program_blend};
    run[p](t, r);
}

/* Colour follows height in half of the classes, in the others it is a cloud of its own. */
void program_noise(struct relief *t, struct rng *r)
{
    const double exponent = rng_range(r, 0.5, 3.5);
    const double stretch = portable_exp(rng_range(r, 0, 2.0794415416798357)); /* 1 to 8 */
    relief_spectrum(t->height, 4, exponent, stretch, r);
    if (rng_uniform(r) < 0.5)
        relief_spectrum(t->position, 4, rng_range(r, 0.5, 3.5), stretch, r);
    else
        memcpy(t->position, t->height, sizeof t->height);
}

void program_bands(struct relief *t, struct rng *r)
{
    const double turns = rng_range(r, 1, 6);
    relief_spectrum(t->height, (size_t)2 << rng_below(r, 2), rng_range(r, 1.8, 3), rng_range(r, 1, 3), r);
    const bool ramp = rng_uniform(r) < 0.5; /* colour by the noise itself, which many turns share */
    for (size_t i = 0; i < RELIEF_TEXELS; i++) {
        double sine, cosine;
        portable_sincos(M_PI * turns * t->height[i], &sine, &cosine); /* the noise lies about -2 to 2 */
        t->position[i] = ramp ? t->height[i] + (float)(0.5 * cosine) : (float)cosine;
        t->height[i] = (float)sine;
    }
}

/* a and b meet in the mask, a cloud with edges 1 to 4 pixels wide or so. */
static void by_mask(struct relief *a, const struct relief *b, float *mask, struct rng *r)
{
    const float level = (float)rng_range(r, -0.5, 0.5), width = (float)rng_range(r, 0.04, 0.2);
    relief_spectrum(mask, 4, rng_range(r, 1.5, 2.5), 1, r);
    for (size_t i = 0; i < RELIEF_TEXELS; i++) {
        const float part = smooth_step(level - width, level + width, mask[i]);
        a->height[i] += part * (b->height[i] + 0.5f - a->height[i]);
        a->position[i] += part * (b->position[i] + 1 - a->position[i]);
    }
}

void program_blend(struct relief *t, struct rng *r)
{
    struct relief *other = xmalloc(1, sizeof *other);
    float *mask = xmalloc(RELIEF_TEXELS, sizeof *mask);
    const size_t first = rng_below(r, PROGRAM_BLEND), step = 1 + rng_below(r, PROGRAM_BLEND - 1);
    program_run((enum program)first, t, r);
    program_run((enum program)((first + step) % PROGRAM_BLEND), other, r);
    relief_finish(t, 0.5);
    relief_finish(other, 0.5);
    const size_t how = rng_below(r, 3);
    if (how == 0)
        by_mask(t, other, mask, r);
    for (size_t i = 0; how > 0 && i < RELIEF_TEXELS; i++) {
        const bool second = other->height[i] > t->height[i];
        if (how == 1) {
            t->height[i] += other->height[i];
            t->position[i] *= other->position[i];
        } else if (second) {
            t->height[i] = other->height[i];
            t->position[i] = 1 - other->position[i];
        }
    }
    free(mask);
    free(other);
}
