/* A thin piece of the image itself, turned. */
#include "base/mem.h"
#include "blemish/kinds.h"
#include "image/shape.h"
#include "train/jitter.h"
#include <string.h>

static const struct colour_jitter colours = {1, 0.1, 0.1, 0.1, 0.1}; /* CutPaste's */

static struct raster cut(const struct raster *image, size_t width, size_t height, struct rng *r)
{
    const size_t x = rng_below(r, image->width - width + 1), y = rng_below(r, image->height - height + 1);
    struct raster piece = raster_new(width, height, 3, 255);
    for (size_t i = 0; i < height; i++)
        memcpy(blemish_pixel(&piece, 0, i), blemish_pixel(image, x, y + i), 3 * width);
    return piece;
}

static size_t within(double x, size_t n)
{
    return x <= 0 ? 0 : x >= (double)n ? n - 1 : (size_t)x;
}

/* The piece with its middle at (x, y), turned; edges are as smooth as pixels allow. */
static void lay(struct raster *image, const struct raster *piece, double x, double y, double turn)
{
    const double c = shape_cos(turn), s = shape_sin(turn);
    const double w = (double)piece->width / 2, h = (double)piece->height / 2;
    for (size_t i = 0; i < image->height; i++)
        for (size_t k = 0; k < image->width; k++) {
            const double dx = (double)k + 0.5 - x, dy = (double)i + 0.5 - y;
            const double u = c * dx + s * dy, v = c * dy - s * dx;
            const double part = shape_cover(shape_box(u, v, w, h, 0), 1);
            if (part <= 0)
                continue;
            const uint8_t *from =
                blemish_pixel(piece, within(u + w, piece->width), within(v + h, piece->height));
            blemish_mix(blemish_pixel(image, k, i), (const double[3]){from[0], from[1], from[2]}, part);
        }
}

void blemish_scar(struct blemish_work *w)
{
    const struct raster *whole = w->whole;
    const size_t width = blemish_length(rng_range(&w->r, 2, 16) * w->unit, whole->width);
    const size_t length = blemish_length(rng_range(&w->r, 10, 60) * w->unit, whole->height);
    struct raster piece = cut(whole, width, length, &w->r);
    const double x = rng_range(&w->r, 0, (double)whole->width),
                 y = rng_range(&w->r, 0, (double)whole->height);
    const double turn = rng_range(&w->r, 0, 0.5);
    colour_jitter(&piece, &colours, &w->r);
    lay(w->image, &piece, x, y, turn);
    raster_free(&piece);
}
