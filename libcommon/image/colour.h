/* Kinds of colour. The results are the caller's: raster_free. */
#ifndef IMAGE_COLOUR_H
#define IMAGE_COLOUR_H
#include "base/raster.h"

/* 8-bit RGB: grey three times, alpha dropped, samples scaled to 0..255 and rounded half up. */
struct raster colour_rgb(const struct raster *in);

/* 8-bit grey of a mask: the largest of the colours, alpha aside. Values stay (class ids), those above 255
 * become 255; zero is normal, all else defect. */
struct raster colour_mask(const struct raster *in);
#endif
