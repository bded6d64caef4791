/* The kernels of near.h, one for each kind of CPU. */
#ifndef SEARCH_NEAR_KERNEL_H
#define SEARCH_NEAR_KERNEL_H
#include "base/size.h"
#include "search/near.h"
#include <string.h>

struct near_kernels {
    void (*panel)(uint64_t *mask, int32_t *value, const int16_t *const *row, const int32_t *limit,
                  size_t rows, const int16_t *panel, const int32_t *offset);
};

extern const struct near_kernels near_plain, near_avx2, near_avx512;

/* Rows that a vector kernel takes at a time. */
enum { NEAR_ROWS = 4 };
struct near_block {
    const int16_t *row[NEAR_ROWS];
    int32_t *value[NEAR_ROWS], limit[NEAR_ROWS];
    uint64_t mask[NEAR_ROWS];
};

/* near_panel by blocks of rows. Where fewer are left, the last one is computed more than once. */
static inline __attribute__((always_inline)) void near_by_blocks(
    void (*compute)(struct near_block *b, const int16_t *panel, const int32_t *offset), uint64_t *mask,
    int32_t *value, const int16_t *const *row, const int32_t *limit, size_t rows, const int16_t *panel,
    const int32_t *offset)
{
    for (size_t from = 0; from < rows; from += NEAR_ROWS) {
        struct near_block b = {0};
        for (size_t r = 0; r < NEAR_ROWS; r++) {
            const size_t at = size_least(from + r, rows - 1);
            b.row[r] = row[at];
            b.value[r] = value + at * SKETCH_PANEL;
            b.limit[r] = limit[at];
        }
        compute(&b, panel, offset);
        memcpy(mask + from, b.mask, size_least(rows - from, NEAR_ROWS) * sizeof *mask);
    }
}

/* Numbers k and k + 1 of a row, as a multiplication of pairs reads them. */
static inline int32_t near_pair(const int16_t *row, size_t k)
{
    int32_t pair;
    memcpy(&pair, row + k, sizeof pair);
    return pair;
}
#endif
