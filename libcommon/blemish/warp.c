/* The image shifted, most in the middle of a disc and not at its rim. */
#include "blemish/kinds.h"
#include "image/shape.h"

/* Bilinear; what lies outside continues the edge. */
static void sample(double out[3], const struct raster *r, double x, double y)
{
    const double u = shape_min(shape_max(x - 0.5, 0), (double)r->width - 1);
    const double v = shape_min(shape_max(y - 0.5, 0), (double)r->height - 1);
    const size_t left = (size_t)u, top = (size_t)v;
    const size_t right = left + 1 < r->width ? left + 1 : left, bottom = top + 1 < r->height ? top + 1 : top;
    for (size_t c = 0; c < 3; c++) {
        const double above =
            shape_mix(blemish_pixel(r, left, top)[c], blemish_pixel(r, right, top)[c], u - (double)left);
        const double below = shape_mix(blemish_pixel(r, left, bottom)[c], blemish_pixel(r, right, bottom)[c],
                                       u - (double)left);
        out[c] = shape_mix(above, below, v - (double)top);
    }
}

/* A disc three to eight times as wide as the shift, so that nothing folds: the bump falls by 1.54 at most in a radius. */
void blemish_warp(struct blemish_work *w)
{
    const double x = rng_range(&w->r, 0, (double)w->whole->width),
                 y = rng_range(&w->r, 0, (double)w->whole->height);
    const double shift = rng_range(&w->r, 2, 8) * w->unit, turn = rng_uniform(&w->r);
    const double radius = shift * rng_range(&w->r, 3, 8);
    const double dx = shift * shape_cos(turn), dy = shift * shape_sin(turn);
    for (size_t i = 0; i < w->whole->height; i++)
        for (size_t k = 0; k < w->whole->width; k++) {
            const double u = (double)k + 0.5, v = (double)i + 0.5;
            const double part = shape_bump(shape_length(u - x, v - y), radius);
            double to[3];
            if (part <= 0)
                continue;
            sample(to, w->whole, u - part * dx, v - part * dy);
            blemish_mix(blemish_pixel(w->image, k, i), to, 1);
        }
}
