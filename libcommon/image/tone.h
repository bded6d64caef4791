/* Point operations: every sample through a table. In place, on 8-bit RGB (three channels, maxval 255), and to
 * the bit what PIL's ImageOps and ImageEnhance return (Pillow 9.4). */
#ifndef IMAGE_TONE_H
#define IMAGE_TONE_H
#include "base/raster.h"

/* Keeps the `bits` upper bits, 0..8. */
void tone_posterize(struct raster *r, unsigned bits);
/* Inverts the samples that are >= threshold. */
void tone_solarize(struct raster *r, double threshold);
void tone_invert(struct raster *r);
/* Stretches each channel linearly to 0..255; a flat channel stays. */
void tone_autocontrast(struct raster *r);
/* Equalises the histogram of each channel. */
void tone_equalize(struct raster *r);

/* Between black (factor 0) and the picture (1), or beyond. */
void tone_brightness(struct raster *r, double factor);
/* Between the flat grey of its mean luma (0) and the picture (1), or beyond. */
void tone_contrast(struct raster *r, double factor);
#endif
