/* Pictures moved: on 8-bit RGB (three channels, maxval 255). Where out is asked for, it has in's size and is
 * not in itself. */
#ifndef IMAGE_AFFINE_H
#define IMAGE_AFFINE_H
#include "base/raster.h"

/* Pixel (x, y) of out is the pixel of in at (a x + b y + c, d x + e y + f), both counted from pixel centres,
 * m = {a, b, c, d, e, f}: the nearest, in 16.16 fixed point, black outside. To the bit PIL's
 * transform(AFFINE, NEAREST) (Pillow 9.4); |values| < 32768. */
void affine_nearest(struct raster *out, const struct raster *in, const double m[6]);
/* Counter-clockwise about the middle. */
void affine_rotate(struct raster *out, const struct raster *in, double degrees);
/* x + amount * y about the upper left corner: torchvision's ShearX of AutoAugment. */
void affine_shear_x(struct raster *out, const struct raster *in, double amount);

/* Left to right, top to bottom; in place. */
void affine_mirror(struct raster *r);
void affine_flip(struct raster *r);
#endif
