#include "draw/overlay.h"
#include <math.h>
#include <string.h>

static uint8_t *pixel_at(struct raster *picture, size_t x, size_t y)
{
    return (uint8_t *)picture->samples + 3 * (y * picture->width + x);
}

static double place_on(const struct overlay_scale *s, double value)
{
    if (s->high > s->low)
        return (value - s->low) / (s->high - s->low);
    return value > s->low ? 1 : 0;
}

void overlay_blend(struct raster *picture, const struct window *w, const float *values,
                   const struct overlay_scale *scale, double alpha)
{
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x++) {
            uint8_t *p = pixel_at(picture, w->x + x, w->y + y), colour[3];
            colormap_rgb(colour, scale->map, place_on(scale, values[y * w->width + x]));
            for (int c = 0; c < 3; c++)
                p[c] = (uint8_t)floor(p[c] + alpha * (colour[c] - p[c]) + 0.5);
        }
}

void overlay_paste(struct raster *picture, size_t x, size_t y, const struct raster *from)
{
    const uint8_t *rows = from->samples;
    for (size_t i = 0; i < from->height; i++)
        memcpy(pixel_at(picture, x, y + i), rows + 3 * from->width * i, 3 * from->width);
}

/* Whether a pixel of the region has one outside of it near by. */
static bool at_border(const uint8_t *inside, size_t width, size_t height, size_t x, size_t y, size_t reach)
{
    size_t left = x < reach ? 0 : x - reach, top = y < reach ? 0 : y - reach;
    for (size_t v = top; v <= y + reach && v < height; v++)
        for (size_t u = left; u <= x + reach && u < width; u++)
            if (!inside[v * width + u])
                return true;
    return false;
}

void overlay_contour(struct raster *picture, const struct window *w, const uint8_t *inside, size_t thickness,
                     const uint8_t colour[3])
{
    for (size_t y = 0; y < w->height; y++)
        for (size_t x = 0; x < w->width; x++)
            if (inside[y * w->width + x] && at_border(inside, w->width, w->height, x, y, thickness))
                memcpy(pixel_at(picture, w->x + x, w->y + y), colour, 3);
}
