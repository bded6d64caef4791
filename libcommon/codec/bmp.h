/* BMP, as Windows and OS/2 write it, from memory. A decoded raster is the caller's: raster_free. */
#ifndef CODEC_BMP_H
#define CODEC_BMP_H
#include "base/err.h"
#include "base/raster.h"
#include <stdbool.h>
#include <stddef.h>

/* By magic. */
bool bmp_is(const unsigned char *data, size_t n);

/* Into 8-bit RGB: 1, 4, 8, 16, 24 and 32 bit, RLE4 and RLE8, bit fields, bottom-up and top-down, headers of
 * OS/2 1 (12 bytes), OS/2 2 (16 to 64), Windows V3 (40, 52, 56), V4 (108) and V5 (124). Alpha is dropped,
 * profiles are not applied; a colour beyond the palette and a pixel that RLE skips are black and colour 0.
 * Not OS/2's Huffman and RLE24, nor JPEG or PNG inside. False with a reason, also when rows are missing. */
bool bmp_decode(struct raster *out, const unsigned char *data, size_t n, struct err *e);
#endif
