/* Pictures turned as EXIF's orientation asks. */
#ifndef IMAGE_ORIENT_H
#define IMAGE_ORIENT_H
#include "base/raster.h"

/* The picture of `in` that a viewer shows for an orientation of 1 to 8 (1: as it is): any raster, its sides exchanged from 5
 * on. PIL's ImageOps.exif_transpose. The result is the caller's: raster_free. */
struct raster orient(const struct raster *in, unsigned orientation);
#endif
