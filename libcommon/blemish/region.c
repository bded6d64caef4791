#include "blemish/region.h"
#include "fractal/elementary.h"
#include "image/noise.h"
#include "image/shape.h"
#include <math.h>

/* Where the outline lies without noise, in radii from the rim; how far noise moves the outline, in radii; and waves of it in a radius. */
#define RIM 0.2
#define ROUGH 0.7
#define WAVES 1.6

struct region region_draw(const struct raster *image, double low, double high, double soft, struct rng *r)
{
    const double width = (double)image->width, height = (double)image->height, turn = rng_uniform(r);
    struct region g = {.x = rng_range(r, 0, width), .y = rng_range(r, 0, height)};
    g.radius = low * portable_exp(rng_uniform(r) * portable_log(high / low));
    g.narrow = rng_range(r, 0.5, 1);
    g.cosine = shape_cos(turn);
    g.sine = shape_sin(turn);
    g.soft = soft;
    g.seed = rng_u32(r);
    g.left = (size_t)floor(fmax(0, g.x - g.radius));
    g.top = (size_t)floor(fmax(0, g.y - g.radius));
    g.right = (size_t)ceil(fmin(width, g.x + g.radius));
    g.bottom = (size_t)ceil(fmin(height, g.y + g.radius));
    return g;
}

double region_part(const struct region *g, size_t x, size_t y)
{
    const double dx = ((double)x + 0.5 - g->x) / g->radius, dy = ((double)y + 0.5 - g->y) / g->radius;
    const double u = g->cosine * dx + g->sine * dy, v = (g->cosine * dy - g->sine * dx) / g->narrow;
    const double away = shape_length(u, v);
    if (away >= 1)
        return 0;
    /* 1 in the middle and 0 at the rim, whatever the noise: it counts most half way */
    const double noise = noise_fractal(g->seed, WAVES * u, WAVES * v, 3);
    const double field = 1 - away - RIM + ROUGH * noise * 4 * away * (1 - away);
    return shape_clamp(0.5 + field * g->radius / shape_max(g->soft, 1));
}
