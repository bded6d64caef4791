#include "image/colour.h"
#include <string.h>

static void rgb_from_u8(uint8_t *out, const struct raster *in)
{
    const uint8_t *p = in->samples;
    size_t pixels = in->width * in->height, second = in->channels >= 3 ? 1 : 0;
    for (size_t i = 0; i < pixels; i++, p += in->channels) {
        out[3 * i] = p[0];
        out[3 * i + 1] = p[second];
        out[3 * i + 2] = p[2 * second];
    }
}

static void rgb_scaled(uint8_t *out, const struct raster *in)
{
    size_t pixels = in->width * in->height, second = in->channels >= 3 ? 1 : 0, top = in->maxval;
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++) {
            size_t value = raster_get(in, i * in->channels + c * second);
            value = value > top ? top : value;
            out[3 * i + c] = (uint8_t)((2 * value * 255 + top) / (2 * top));
        }
}

struct raster colour_rgb(const struct raster *in)
{
    struct raster out = raster_new(in->width, in->height, 3, 255);
    if (in->maxval != 255)
        rgb_scaled(out.samples, in);
    else if (in->channels == 3)
        memcpy(out.samples, in->samples, raster_bytes(in));
    else
        rgb_from_u8(out.samples, in);
    return out;
}

struct raster colour_mask(const struct raster *in)
{
    struct raster out = raster_new(in->width, in->height, 1, 255);
    size_t pixels = in->width * in->height, colours = in->channels >= 3 ? 3 : 1;
    for (size_t i = 0; i < pixels; i++) {
        size_t most = 0;
        for (size_t c = 0; c < colours; c++) {
            size_t value = raster_get(in, i * in->channels + c);
            most = value > most ? value : most;
        }
        ((uint8_t *)out.samples)[i] = (uint8_t)(most > 255 ? 255 : most);
    }
    return out;
}
