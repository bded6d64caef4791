/* JPEG (ITU-T T.81) through libjpeg-turbo, from and to memory. A decoded raster is the caller's: raster_free. */
#ifndef CODEC_JPEG_H
#define CODEC_JPEG_H
#include "base/err.h"
#include "base/raster.h"
#include "codec/facts.h"
#include <stdbool.h>
#include <stddef.h>

/* By magic. */
bool jpeg_is(const unsigned char *data, size_t n);

/* Baseline and progressive, 8 bit, into grey or RGB; CMYK and YCCK by Adobe's inverted convention, without a
 * colour profile. EXIF's orientation is told and not applied. False with a reason for anything damaged or cut, where
 * libjpeg itself would warn and fill the rest with grey. What it warns of that concerns no sample (an unknown revision of
 * JFIF, stray bytes between markers as webcams write them) is a remark. */
bool jpeg_decode(struct raster *out, struct codec_facts *facts, const unsigned char *data, size_t n,
                 struct err *e);

/* 8-bit grey or RGB (maxval 255) as a baseline file of *n bytes, which the caller frees with free(); dies on any other raster.
 * quality: 1 to 100, libjpeg's. */
unsigned char *jpeg_encode(const struct raster *r, int quality, size_t *n);
#endif
