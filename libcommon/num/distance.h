/* Squared Euclidean distances in the direct form, the sum of (a - b)^2: 0 for equal vectors, no cancellation.
 *
 * Vectors have n elements, n a multiple of DISTANCE_LANES (pad with zeros). Element i goes into lane i mod
 * 16, the lanes are added in a fixed tree and nothing is fused: the bits are the same on every CPU, and those
 * of (a, b) and (b, a) are equal. Nothing is allocated; the calling thread does the work. */
#ifndef NUM_DISTANCE_H
#define NUM_DISTANCE_H
#include <stddef.h>

enum { DISTANCE_LANES = 16 };

/* n rounded up to whole lanes. */
size_t distance_padded(size_t n);

float distance_squared(const float *a, const float *b, size_t n);
/* The least of `bound` and the distances from x to `count` rows. rows: count x n. */
float distance_least(float bound, const float *x, const float *rows, size_t count, size_t n);
#endif
