#include "search/near_kernel.h"
#include <immintrin.h>

enum { LANES = 16, WIDE = SKETCH_PANEL / LANES };

/* NEAR_ROWS rows by the panel: 16 sums in registers. */
static void block(struct near_block *b, const int16_t *panel, const int32_t *offset)
{
    __m512i sum[NEAR_ROWS][WIDE] = {0}, side[WIDE];
    for (size_t k = 0; k < SKETCH_DIMS; k += 2) {
        for (size_t w = 0; w < WIDE; w++)
            side[w] = _mm512_loadu_si512(panel + sketch_place(k, w * LANES));
#pragma GCC unroll 4
        for (size_t r = 0; r < NEAR_ROWS; r++) {
            const __m512i x = _mm512_set1_epi32(near_pair(b->row[r], k));
            for (size_t w = 0; w < WIDE; w++)
                sum[r][w] = _mm512_add_epi32(sum[r][w], _mm512_madd_epi16(side[w], x));
        }
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < NEAR_ROWS; r++)
        for (size_t w = 0; w < WIDE; w++) {
            const __m512i v = _mm512_sub_epi32(_mm512_loadu_si512(offset + w * LANES), sum[r][w]);
            _mm512_storeu_si512(b->value[r] + w * LANES, v);
            b->mask[r] |= (uint64_t)_mm512_cmple_epi32_mask(v, _mm512_set1_epi32(b->limit[r])) << w * LANES;
        }
}

static void avx512(uint64_t *mask, int32_t *value, const int16_t *const *row, const int32_t *limit,
                   size_t rows, const int16_t *panel, const int32_t *offset)
{
    near_by_blocks(block, mask, value, row, limit, rows, panel, offset);
}

const struct near_kernels near_avx512 = {avx512};
