/* Operations on colours and neighbourhoods that no table can do. On 8-bit RGB (three channels, maxval 255),
 * and to the bit what PIL's ImageEnhance and conversions return (Pillow 9.4). */
#ifndef IMAGE_ENHANCE_H
#define IMAGE_ENHANCE_H
#include "base/raster.h"

/* ITU-R 601-2 luma in 16-bit fixed point: PIL's mode "L". */
static inline unsigned enhance_luma(const uint8_t *rgb)
{
    return (rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16;
}

/* from (factor 0) to `to` (1), or beyond: in float, truncated, kept within 0..255. */
static inline uint8_t enhance_blend(int from, int to, float factor)
{
    const float x = (float)from + factor * (float)(to - from);
    return (uint8_t)(x <= 0 ? 0 : x >= 255 ? 255 : (int)x);
}

/* Luma in all three channels. */
void enhance_grey(struct raster *r);
/* Between luma (factor 0) and the picture (1), or beyond: PIL's Color. */
void enhance_saturation(struct raster *r, double factor);
/* Turns the hue by turn * 255 (truncated) of 256 steps; -0.5 <= turn <= 0.5. Through PIL's 8-bit HSV, which
 * loses a little: torchvision's adjust_hue. */
void enhance_hue(struct raster *r, double turn);
/* Between the picture smoothed by PIL's SMOOTH kernel (1 1 1, 1 5 1, 1 1 1) / 13 (factor 0) and the picture
 * (1), or beyond. The outermost pixels stay. out: of in's size, not in itself. */
void enhance_sharpness(struct raster *out, const struct raster *in, double factor);
#endif
