/* Resizing. Both functions take any raster, treat every channel alike, and compute only the window of the
 * geometry. The result is the caller's: raster_free. */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H
#include "base/raster.h"
#include "image/crop.h"

/* Bilinear with anti-aliasing: half-pixel centres, a triangle filter as wide as the scale factor when
 * shrinking (and 1 when growing), weights normalised at the edges. It is torch's interpolate(antialias=True)
 * and PIL's BILINEAR, in f32 without rounding between the two directions, and leaves as 8 bit (maxval 255)
 * rounded half up: at most 0.5/255 from torch's floats, one level from PIL, which rounds twice. */
struct raster resize_bilinear(const struct raster *in, const struct geometry *g);

/* Nearest, sampled at pixel centres: source = floor((d + 0.5) * in / out). For masks: values and maxval stay. */
struct raster resize_nearest(const struct raster *in, const struct geometry *g);
#endif
