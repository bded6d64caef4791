/* EXIF (CIPA DC-008): of all that cameras write, how the picture is to be turned. */
#ifndef CODEC_EXIF_H
#define CODEC_EXIF_H
#include <stddef.h>

/* The orientation, 1 to 8, in n bytes of EXIF, which begin with TIFF's header ("II*\0" or "MM\0*"). 1 where there is none,
 * or where the bytes make no sense: a picture is not refused for its EXIF. */
unsigned exif_orientation(const unsigned char *data, size_t n);
#endif
