/* Detectors of whole images: one vector an image, such as featx's avgpool or pool:layer3; or the mean over all positions of a feature
 * map, which is the same to the bit where featx wrote it in f32. What kNN and the Gaussian share: records become vectors, and the
 * vectors of a fit wait in memory.
 *
 *     record           avgpool: 1 x 1 x 512, or layer4: 8 x 8 x 512; several taps are put side by side
 *     vectors_of       one vector of f32, with --length unit of length 1
 *     vectors_add      the fit's matrix, n x dims
 *     knn.c, gauss.c   the model */
#ifndef POOLED_VECTORS_H
#define POOLED_VECTORS_H
#include "base/err.h"
#include "method/taps.h"
#include <stdbool.h>
#include <stddef.h>

struct vectors {
    size_t n, capacity;
    size_t channels; /* of a vector */
    size_t dims;     /* channels padded to whole lanes (num/distance.h), zeros behind */
    float *row;      /* n x dims */
};                   /* {.channels = ...} to begin; vectors_free in the end */

/* False with a reason where a tap has more than one position. */
bool vectors_accept(const struct taps *image, struct err *e);
/* Whether a tap has more than one position. */
bool vectors_have_places(const struct taps *image);
/* out: distance_padded(taps_channels(image)) floats. unit: divided by its length, or by 1e-12 where that is less. Returns what it was
 * divided by, 1 without. */
double vectors_of(float *out, const struct taps *image, bool unit);
/* One vector more. Memory is checked before it is taken. */
void vectors_add(struct vectors *v, const struct taps *image, bool unit);
void vectors_free(struct vectors *v);
#endif
