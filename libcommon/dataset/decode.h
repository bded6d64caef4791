/* Image files of any kind that fern reads: the kind is told by the first bytes, never by the name. A decoded
 * raster is the caller's: raster_free. */
#ifndef DATASET_DECODE_H
#define DATASET_DECODE_H
#include "base/err.h"
#include "base/raster.h"
#include "codec/facts.h"
#include <stdbool.h>
#include <stddef.h>

/* PNG, JPEG, BMP (as their codecs say) or the first image of Netpbm data. *facts is what the file says beside its samples.
 * False with a reason; kinds of image that are known but not read (TIFF, GIF, ...) are named. May be called from several
 * threads. */
bool image_decode(struct raster *out, struct codec_facts *facts, const unsigned char *data, size_t n,
                  struct err *e);
/* The same of a file. The reason does not name the file. */
bool image_load(struct raster *out, struct codec_facts *facts, const char *path, struct err *e);

/* Whether a regular file begins as Netpbm does: an image stream, if only of one image. */
bool image_is_stream(const char *path);
#endif
