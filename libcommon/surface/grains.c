#include "fractal/elementary.h"
#include "surface/programs.h"
#include <math.h>
#include <stdbool.h>

/* A grain hides what lies lower. */
static void lay(struct relief *t, float x, float y, float radius, bool flat, float tone)
{
    const ptrdiff_t reach = (ptrdiff_t)radius + 1;
    const float squared = radius * radius;
    for (ptrdiff_t dy = -reach; dy <= reach; dy++)
        for (ptrdiff_t dx = -reach; dx <= reach; dx++) {
            const ptrdiff_t px = (ptrdiff_t)x + dx, py = (ptrdiff_t)y + dy;
            const float u = (float)px - x, v = (float)py - y, d = u * u + v * v;
            if (d >= squared)
                continue;
            const size_t i = relief_at(px, py);
            const float rise = sqrtf(squared - d), h = flat ? smooth_step(0, 1.5f, rise) * 2 : rise;
            if (h <= t->height[i])
                continue;
            t->height[i] = h;
            t->position[i] = tone;
        }
}

void program_grains(struct relief *t, struct rng *r)
{
    const double middle = portable_log(rng_range(r, 1.3, 5)), spread = rng_range(r, 0.1, 0.6);
    const double cover = rng_range(r, 0.15, 1.5), tint = rng_range(r, 0, 1.5);
    const bool flat = rng_uniform(r) < 0.3, sunk = rng_uniform(r) < 0.3;
    for (size_t i = 0; i < RELIEF_TEXELS; i++)
        t->height[i] = t->position[i] = 0;
    for (double area = 0; area < cover * RELIEF_TEXELS;) {
        const double drawn = portable_exp(middle + spread * relief_normal(r));
        const double radius = drawn < 1 ? 1 : drawn > 8 ? 8 : drawn;
        const double x = rng_range(r, 16, 16 + RELIEF_SIDE), y = rng_range(r, 16, 16 + RELIEF_SIDE);
        lay(t, (float)x, (float)y, (float)radius, flat, (float)(1 + tint * rng_range(r, -1, 1)));
        area += M_PI * radius * radius;
    }
    for (size_t i = 0; sunk && i < RELIEF_TEXELS; i++)
        t->height[i] = -t->height[i];
    relief_soften(t->height);
}
