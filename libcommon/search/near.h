/* Which of a panel's numbers (sketch_compare) are small enough: a filter before exact distances. */
#ifndef SEARCH_NEAR_H
#define SEARCH_NEAR_H
#include "search/sketch.h"

/* Bit j of mask[r] is set where value[r * SKETCH_PANEL + j] <= limit[r]; not for NAN. */
void near_masks(uint64_t *mask, const float *value, const float *limit, size_t rows);

/* Asks for a vector that will be measured: those that a filter leaves lie anywhere in a bank, and to wait for one takes longer than to
 * measure it. */
static inline void near_fetch(const float *vector, size_t dims)
{
    enum { CACHE_LINE = 16 };
    for (size_t k = 0; k < dims; k += CACHE_LINE)
        __builtin_prefetch(vector + k);
}
#endif
