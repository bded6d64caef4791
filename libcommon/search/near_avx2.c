#include "search/near_kernel.h"
#include <immintrin.h>

enum { LANES = 8, WIDE = 2, COLUMNS = WIDE * LANES };

/* NEAR_ROWS rows by COLUMNS sketches: eight sums in registers. */
static inline void columns(struct near_block *b, const int16_t *panel, const int32_t *offset, size_t column)
{
    __m256i sum[NEAR_ROWS][WIDE] = {0};
    for (size_t k = 0; k < SKETCH_DIMS; k += 2) {
        const __m256i *at = (const __m256i *)(panel + sketch_place(k, column));
        const __m256i left = _mm256_loadu_si256(at), right = _mm256_loadu_si256(at + 1);
#pragma GCC unroll 4
        for (size_t r = 0; r < NEAR_ROWS; r++) {
            const __m256i x = _mm256_set1_epi32(near_pair(b->row[r], k));
            sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(left, x));
            sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(right, x));
        }
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < NEAR_ROWS; r++)
        for (size_t w = 0; w < WIDE; w++) {
            const size_t j = column + w * LANES;
            const __m256i from = _mm256_loadu_si256((const __m256i *)(offset + j));
            const __m256i v = _mm256_sub_epi32(from, sum[r][w]);
            const __m256i far = _mm256_cmpgt_epi32(v, _mm256_set1_epi32(b->limit[r]));
            _mm256_storeu_si256((__m256i *)(b->value[r] + j), v);
            b->mask[r] |= (uint64_t)(~_mm256_movemask_ps(_mm256_castsi256_ps(far)) & 0xff) << j;
        }
}

static void block(struct near_block *b, const int16_t *panel, const int32_t *offset)
{
    for (size_t column = 0; column < SKETCH_PANEL; column += COLUMNS)
        columns(b, panel, offset, column);
}

static void avx2(uint64_t *mask, int32_t *value, const int16_t *const *row, const int32_t *limit, size_t rows,
                 const int16_t *panel, const int32_t *offset)
{
    near_by_blocks(block, mask, value, row, limit, rows, panel, offset);
}

const struct near_kernels near_avx2 = {avx2};
