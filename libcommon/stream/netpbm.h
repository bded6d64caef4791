/* One Netpbm image from and to a FILE: headers by libnetpbm, rasters by fread and fwrite. Below image.h;
 * tools use that. libnetpbm keeps its state in globals: calls are serialised here, so threads may decode. */
#ifndef STREAM_NETPBM_H
#define STREAM_NETPBM_H
#include "base/err.h"
#include "base/raster.h"
#include <stdio.h>

/* The next image (P1..P7, whitespace before it is skipped) into *r, whose samples are reused when the size
 * stays. PBM comes as grey with maxval 1, 1 being white. *comments: the text of the header's comment lines,
 * without '#', each ended by newline (P7 only; NULL where none), the caller's to free, also on error.
 * 1 image, 0 end of file, -1 error. */
int netpbm_read(FILE *f, struct raster *r, char **comments, struct err *e);

/* Writes P7 with `comments` (as above; NULL: none); dies with "label: reason". */
void netpbm_write(FILE *f, const char *label, const struct raster *r, const char *comments);
#endif
