#include "surface/light.h"
#include "fractal/elementary.h"
#include "surface/rows.h"
#include <math.h>

struct light light_draw(struct rng *r)
{
    struct light l = {.on = true};
    double sine, cosine, up, flat;
    portable_sincos(rng_range(r, 0, 2 * M_PI), &sine, &cosine);
    portable_sincos(rng_range(r, 20, 70) * (M_PI / 180), &up, &flat);
    l.to[0] = (float)(cosine * flat);
    l.to[1] = (float)(sine * flat);
    l.to[2] = (float)up;
    const double length = sqrt(2 + 2 * up); /* of the lamp's direction plus (0, 0, 1) */
    l.half[0] = (float)(cosine * flat / length);
    l.half[1] = (float)(sine * flat / length);
    l.half[2] = (float)((up + 1) / length);
    l.ambient = (float)rng_range(r, 0.2, 0.5);
    l.relief = (float)(0.2 * portable_exp(rng_range(r, 0, 2.302585092994046))); /* log-uniform */
    l.shadow = rng_uniform(r) < 0.5;
    const double length_of_shadow = rng_range(r, 1, 6);
    l.shadow_x = (ptrdiff_t)floor(0.5 - cosine * length_of_shadow);
    l.shadow_y = (ptrdiff_t)floor(0.5 - sine * length_of_shadow);
    l.shadow_blur = (float)(0.7 + rng_range(r, 0, 0.5) * length_of_shadow);
    l.shadow_part = (float)rng_range(r, 0.5, 0.9);
    return l;
}

struct gloss gloss_draw(struct rng *r)
{
    const bool shiny = rng_uniform(r) < 0.4;
    const double strength = rng_range(r, 0.05, 0.4);
    const unsigned squarings = 3 + (unsigned)rng_below(r, 4);
    return (struct gloss){shiny ? (float)strength : 0, squarings};
}

void light_row(float *times, float *plus, const float *h, const float *above, const float *lit, size_t n,
               const struct light *l, const struct gloss *g)
{
    rows_kernels()->light(times, plus, h, above, lit, n, l, g);
}
