#include "fractal/chaos.h"
#include "fractal/elementary.h"
#include "fractal/key.h"
#include "surface/programs.h"
#include <math.h>

enum { POINTS = 48000, COUNTS = 1 << 12 };

/* One more copy of the attractor, as counts, `size` pixels long. */
static void lay(float *count, const struct chaos_points *p, double size, struct rng *r)
{
    double sine, cosine;
    const float width = p->x_hi - p->x_lo, height = p->y_hi - p->y_lo;
    const float longest = width > height ? width : height, scale = (float)size / (longest > 0 ? longest : 1);
    portable_sincos(rng_range(r, 0, 2 * M_PI), &sine, &cosine);
    const float c = (float)cosine * scale, s = (float)sine * scale;
    const float left = (float)rng_range(r, 4 * RELIEF_SIDE, 5 * RELIEF_SIDE);
    const float top = (float)rng_range(r, 4 * RELIEF_SIDE, 5 * RELIEF_SIDE);
    for (size_t i = 0; i < p->n; i++) {
        const float x = p->x[i] - p->x_lo, y = p->y[i] - p->y_lo;
        count[relief_at((ptrdiff_t)(left + c * x - s * y), (ptrdiff_t)(top + s * x + c * y))]++;
    }
}

void program_fractal(struct relief *t, struct rng *r)
{
    const struct ifs_range range = {2, 4, 1, 0, 1};
    struct ifs ifs;
    struct chaos_points points = points_new(POINTS, false);
    const size_t copies = 2 + rng_below(r, 4);
    for (size_t i = 0; i < RELIEF_TEXELS; i++)
        t->height[i] = 0;
    ifs_sample_range(&ifs, &range, r);
    chaos_game(&points, POINTS, &ifs, rng_u64(r), STREAM_CHAINS);
    for (size_t i = 0; i < copies; i++)
        lay(t->height, &points, rng_range(r, 90, 240), r);
    points_free(&points);
    relief_soften(t->height);
    for (size_t i = 0; i < RELIEF_TEXELS; i++)
        t->height[i] = t->position[i] = (float)portable_log(1 + (double)t->height[i]);
    if (rng_uniform(r) < 0.5)
        relief_soften(t->height);
    relief_ground(t, r);
}
