#include "fractal/elementary.h"
#include "surface/programs.h"
#include <math.h>
#include <stdbool.h>

/* A round cross-section at one place of a fibre. */
static void touch(struct relief *t, float x, float y, float radius, float tone)
{
    const ptrdiff_t reach = (ptrdiff_t)(radius + 1.5f);
    for (ptrdiff_t dy = -reach; dy <= reach; dy++)
        for (ptrdiff_t dx = -reach; dx <= reach; dx++) {
            const ptrdiff_t px = (ptrdiff_t)x + dx, py = (ptrdiff_t)y + dy;
            const float u = (float)px - x, v = (float)py - y;
            const float h = radius + 0.7f - sqrtf(u * u + v * v);
            const size_t i = relief_at(px, py);
            if (h <= t->height[i])
                continue;
            t->height[i] = h;
            t->position[i] = (h > 1 ? 1 : h) * tone;
        }
}

struct fibre {
    double angle, length, bend; /* bend: radians a pixel, drawn anew every 16 pixels */
    float radius, tone;
};

static void draw_fibre(struct relief *t, const struct fibre *f, struct rng *r)
{
    double x = rng_range(r, RELIEF_SIDE, 2 * RELIEF_SIDE), y = rng_range(r, RELIEF_SIDE, 2 * RELIEF_SIDE);
    double angle = f->angle, turn = 0, sine, cosine;
    const size_t steps = (size_t)f->length;
    for (size_t i = 0; i < steps; i++) {
        if (i % 16 == 0)
            turn = f->bend * rng_range(r, -1, 1);
        angle += turn;
        portable_sincos(angle, &sine, &cosine);
        x += cosine;
        y += sine;
        touch(t, (float)x, (float)y, f->radius, f->tone);
    }
}

void program_fibres(struct relief *t, struct rng *r)
{
    const size_t n = (size_t)(20 * portable_exp(rng_range(r, 0, 2.995732273553991))); /* 20 to 400 */
    const double spread = rng_uniform(r) < 0.4 ? rng_range(r, 0.02, 0.3) : M_PI;
    const double length = rng_range(r, 20, 120), bend = rng_range(r, 0, 0.12);
    const double radius = rng_range(r, 0.4, 2), tint = rng_range(r, 0, 1);
    const bool scratch = rng_uniform(r) < 0.4;
    for (size_t i = 0; i < RELIEF_TEXELS; i++)
        t->height[i] = t->position[i] = 0;
    for (size_t i = 0; i < n; i++) {
        const struct fibre f = {rng_range(r, -spread, spread), length * rng_range(r, 0.5, 1.2), bend,
                                (float)(radius * rng_range(r, 0.7, 1.3)),
                                (float)(1 + tint * rng_range(r, -1, 1))};
        draw_fibre(t, &f, r);
    }
    for (size_t i = 0; scratch && i < RELIEF_TEXELS; i++)
        t->height[i] = -t->height[i];
    relief_ground(t, r);
}
