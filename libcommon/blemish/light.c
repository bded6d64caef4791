/* Brighter, darker or blurred within a soft outline. */
#include "blemish/kinds.h"
#include "blemish/region.h"
#include "image/resample.h"
#include "image/shape.h"

void blemish_light(struct blemish_work *w)
{
    const struct region g = region_draw(w->whole, 12 * w->unit, 64 * w->unit, 4 * w->unit, &w->r);
    const bool blur = rng_below(&w->r, 2) != 0;
    const double gain = rng_range(&w->r, 0.6, 1.4), sigma = rng_range(&w->r, 1, 3);
    struct raster other = raster_new(w->whole->width, w->whole->height, 3, 255);
    struct resample scratch = {0};
    if (blur)
        resample_gaussian(&other, w->whole, sigma * shape_max(w->unit, 0.5), &scratch);
    for (size_t y = g.top; y < g.bottom; y++)
        for (size_t x = g.left; x < g.right; x++) {
            const uint8_t *from = blemish_pixel(blur ? &other : w->whole, x, y);
            const double times = blur ? 1 : gain;
            const double to[3] = {times * from[0], times * from[1], times * from[2]};
            blemish_mix(blemish_pixel(w->image, x, y), to, region_part(&g, x, y));
        }
    resample_free(&scratch);
    raster_free(&other);
}
