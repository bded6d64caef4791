/* A parallel, stable radix sort, for the pixels of a whole test set. */
#ifndef METRIC_RADIX_H
#define METRIC_RADIX_H
#include <stddef.h>
#include <stdint.h>

/* Sorts n items ascending by their upper 32 bits, least significant digit first; items that agree in these
 * keep their order, so the result is the same for any number of threads. scratch: room for n items. The
 * sorted items are in the array that is returned, item or scratch; the other holds nothing of use. */
uint64_t *radix_sort(uint64_t *item, uint64_t *scratch, size_t n);

/* The upper 32 bits by which floats sort descending, and the float again. -0 becomes 0; never NaN. */
uint32_t radix_key_descending(float x);
float radix_key_float(uint32_t key);
#endif
