/* PNG (ISO/IEC 15948) through libpng, from and to memory. A decoded raster is the caller's: raster_free. */
#ifndef CODEC_PNG_H
#define CODEC_PNG_H
#include "base/err.h"
#include "base/raster.h"
#include "codec/facts.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* By magic. */
bool png_is(const unsigned char *data, size_t n);

/* Any PNG into grey or RGB, 8 bit, or 16 bit where the file has that. Palettes become RGB, fewer than 8 bits
 * are scaled to 0..255. Alpha and tRNS are dropped, not composited; gamma and colour profiles are not
 * applied; EXIF's orientation, where a chunk eXIf stands before the samples, is told and not applied. False with a reason for anything damaged or cut, also after the last row. */
bool png_decode(struct raster *out, struct codec_facts *facts, const unsigned char *data, size_t n,
                struct err *e);

/* A raster of 1 to 4 channels, 8 bit (maxval 255) or 16 bit (maxval 65535), as a PNG of *n bytes, which the
 * caller frees with free(). `level` is zlib's: 0 stores, 1 fast, 9 small. Dies on any other maxval. */
enum { PNG_LEVEL_FAST = 1, PNG_LEVEL_USUAL = 6 };
unsigned char *png_encode(const struct raster *r, int level, size_t *n);
/* The same into a file; dies with "LABEL: reason". */
void png_write(FILE *f, const char *label, const struct raster *r, int level);
#endif
