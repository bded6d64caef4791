/* The kinds of blemish, one a file: each draws itself from work.r and alters work.image. */
#ifndef BLEMISH_KINDS_H
#define BLEMISH_KINDS_H
#include "base/rng.h"
#include "blemish/alter.h"
#include "image/window.h"

struct blemish_work {
    struct raster *image; /* to be altered; as whole before */
    const struct raster *whole, *donor;
    const struct texture *texture; /* BLEMISH_TEXTURES */
    double unit;                   /* pixels of this image that are one where the shorter side is 256 */
    struct rng r;
};

void blemish_patch(struct blemish_work *w);
void blemish_piece(struct blemish_work *w);
void blemish_scar(struct blemish_work *w);
void blemish_blob(struct blemish_work *w);
void blemish_warp(struct blemish_work *w);
void blemish_light(struct blemish_work *w);

/* Where a patch or piece comes from and goes to: sides of .03 + Gamma(2, .05) of the image's, .4 at most (NSA), read from sides that are
 * 1/.7 to 1/1.3 of these. Both within their images. */
struct blemish_move {
    struct window from, to;
};
struct blemish_move blemish_draw_move(struct blemish_work *w);

/* A length in pixels as a whole number from 1 to most. */
static inline size_t blemish_length(double length, size_t most)
{
    return length < 1.5 ? 1 : length + 0.5 < (double)most ? (size_t)(length + 0.5) : most;
}
static inline uint8_t *blemish_pixel(const struct raster *r, size_t x, size_t y)
{
    return (uint8_t *)r->samples + (y * r->width + x) * 3;
}
static inline uint8_t blemish_level(double x)
{
    return x <= 0 ? 0 : x >= 255 ? 255 : (uint8_t)(x + 0.5);
}
/* From what is there to `to` by `part`. */
static inline void blemish_mix(uint8_t *pixel, const double to[3], double part)
{
    for (size_t c = 0; c < 3; c++)
        pixel[c] = blemish_level(pixel[c] + part * (to[c] - pixel[c]));
}
#endif
