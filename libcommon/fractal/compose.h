/* Placing one picture on another, and the last blur. Integer arithmetic: the same bytes on every CPU. */
#ifndef FRACTAL_COMPOSE_H
#define FRACTAL_COMPOSE_H
#include "base/rng.h"
#include <stddef.h>
#include <stdint.h>

/* What compose_tile works in; compose_work_free frees it. */
struct compose_work {
    uint64_t *row;    /* a row of the tile, one pixel a word of four 16-bit lanes */
    uint32_t *weight; /* of each column of the result */
    size_t *from;
};
struct compose_work compose_work_new(size_t tile_max, size_t size_max);
void compose_work_free(struct compose_work *w);

/* Resizes tile (side x side words 0x00bbggrr) to size x size by bilinear interpolation at pixel centres
 * (OpenCV's INTER_LINEAR, weights in 1/256) and lays it on rgb (canvas x canvas x 3) with its corner at (top,
 * left), which may lie outside. A pixel of which no channel is above 0 is transparent. size <= size_max. */
void compose_tile(uint8_t *rgb, size_t canvas, const uint32_t *tile, size_t side, size_t size, ptrdiff_t top,
                  ptrdiff_t left, struct compose_work *w);

/* Where an object lies: its side, uniform from lo to hi sides of the canvas, and its corner, so that its middle is anywhere on it. */
struct compose_place {
    size_t size;
    ptrdiff_t top, left;
};
struct compose_place compose_place_draw(size_t canvas, double lo, double hi, struct rng *r);

/* Gaussian blur by 3 x 3 weights, borders mirrored (OpenCV's BORDER_REFLECT_101), in place; side >= 2. work
 * holds 3 * side * 3 bytes. */
void blur3(uint8_t *rgb, size_t side, double sigma, uint8_t *work);

/* out[i] = (edge * (a[i] + c[i]) + middle * b[i] + 128) / 256 with 2 edge + middle = 256. */
struct blur_kernels {
    void (*mix)(uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t n, unsigned edge);
};
extern const struct blur_kernels blur_plain, blur_avx2;
#endif
