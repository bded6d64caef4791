/* Pieces of another normal image. */
#include "base/size.h"
#include "blemish/kinds.h"
#include "fractal/elementary.h"
#include "image/resample.h"
#include "train/jitter.h"
#include <math.h>

enum { PATCHES_MAX = 3 };
#define FEATHER 4.0

/* CutPaste's. */
static const struct colour_jitter colours = {1, 0.1, 0.1, 0.1, 0.1};

/* A side as a part of the image's: NSA's Gamma distribution of shape 2 and scale .05 behind .03. */
static double draw_part(struct rng *r)
{
    double part;
    do
        part = 0.03 - 0.05 * (portable_log(1 - rng_uniform(r)) + portable_log(1 - rng_uniform(r)));
    while (part > 0.4);
    return part;
}

static struct window place(size_t width, size_t height, const struct raster *in, struct rng *r)
{
    const size_t x = rng_below(r, in->width - width + 1), y = rng_below(r, in->height - height + 1);
    return (struct window){x, y, width, height};
}

struct blemish_move blemish_draw_move(struct blemish_work *w)
{
    struct blemish_move m;
    const struct raster *to = w->whole, *from = w->donor;
    const double x = draw_part(&w->r) * (double)to->width, y = draw_part(&w->r) * (double)to->height;
    const double scale = rng_range(&w->r, 0.7, 1.3);
    m.to = place(blemish_length(x, to->width), blemish_length(y, to->height), to, &w->r);
    m.from =
        place(blemish_length(x / scale, from->width), blemish_length(y / scale, from->height), from, &w->r);
    return m;
}

static void mean_colour(double mean[3], const struct raster *r, const struct window *w)
{
    double sum[3] = {0};
    for (size_t y = w->y; y < w->y + w->height; y++)
        for (size_t x = w->x; x < w->x + w->width; x++)
            for (size_t c = 0; c < 3; c++)
                sum[c] += blemish_pixel(r, x, y)[c];
    for (size_t c = 0; c < 3; c++)
        mean[c] = sum[c] / (double)(w->width * w->height);
}

/* How far in pixel i of n is from both ends, as a part of the feather; 1 where that is wider. */
static double edge(size_t i, size_t n, double feather)
{
    return fmin(1, ((double)size_least(i, n - 1 - i) + 0.5) / feather);
}

static void paste(struct raster *image, const struct raster *piece, const struct window *to,
                  const double shift[3], double feather)
{
    for (size_t y = 0; y < to->height; y++)
        for (size_t x = 0; x < to->width; x++) {
            const uint8_t *from = blemish_pixel(piece, x, y);
            const double colour[3] = {from[0] + shift[0], from[1] + shift[1], from[2] + shift[2]};
            const double part = feather > 0 ? edge(x, to->width, feather) * edge(y, to->height, feather) : 1;
            blemish_mix(blemish_pixel(image, to->x + x, to->y + y), colour, part);
        }
}

static void move(struct blemish_work *w, bool soft)
{
    const struct blemish_move m = blemish_draw_move(w);
    struct raster piece = raster_new(m.to.width, m.to.height, 3, 255);
    const struct window all = {0, 0, m.to.width, m.to.height};
    struct resample scratch = {0};
    double shift[3] = {0};
    resample_bilinear(&piece, w->donor, &m.from, &scratch);
    if (soft) {
        double own[3];
        mean_colour(shift, w->whole, &m.to);
        mean_colour(own, &piece, &all);
        for (size_t c = 0; c < 3; c++)
            shift[c] -= own[c];
    } else {
        colour_jitter(&piece, &colours, &w->r);
    }
    paste(w->image, &piece, &m.to, shift, soft ? FEATHER * w->unit : 0);
    resample_free(&scratch);
    raster_free(&piece);
}

void blemish_patch(struct blemish_work *w)
{
    for (size_t n = 1 + rng_below(&w->r, PATCHES_MAX); n; n--)
        move(w, true);
}

void blemish_piece(struct blemish_work *w)
{
    for (size_t n = 1 + rng_below(&w->r, PATCHES_MAX); n; n--)
        move(w, false);
}
