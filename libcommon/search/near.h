/* Which sketches of a panel are near enough: a filter before exact distances, in whole numbers, so the same on every CPU. */
#ifndef SEARCH_NEAR_H
#define SEARCH_NEAR_H
#include "search/sketch.h"

/* value[r * SKETCH_PANEL + j] = offset[j] - the sum over k of row[r][k] * number k of the panel's sketch j; bit j of mask[r] is set
 * where it is at most limit[r]. row: SKETCH_DIMS numbers each. panel: as sketch.h lays it out. Sums stay within 32 bits, which is the
 * caller's business. */
void near_panel(uint64_t *mask, int32_t *value, const int16_t *const *row, const int32_t *limit, size_t rows,
                const int16_t *panel, const int32_t *offset);

/* Asks for a vector that will be measured: those that a filter leaves lie anywhere in a bank, and to wait for one takes longer than to
 * measure it. */
static inline void near_fetch(const float *vector, size_t dims)
{
    enum { CACHE_LINE = 16 };
    for (size_t k = 0; k < dims; k += CACHE_LINE)
        __builtin_prefetch(vector + k);
}
#endif
