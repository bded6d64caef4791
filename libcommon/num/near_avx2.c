#include "num/near_kernel.h"
#ifdef __AVX2__
#include <immintrin.h>

/* 64 sums at a time stay in registers: eight of eight lanes. */
static void avx2(uint64_t mask[NEAR_TILE / 64], const float *x, const float *tile, const float *offset,
                 float limit)
{
    enum { LANES = 8, REGISTERS = 64 / LANES };
    const __m256 most = _mm256_set1_ps(limit);
    for (size_t w = 0; w < NEAR_TILE / 64; w++) {
        __m256 sum[REGISTERS];
        for (size_t r = 0; r < REGISTERS; r++)
            sum[r] = _mm256_loadu_ps(offset + w * 64 + r * LANES);
        for (size_t k = 0; k < NEAR_DIMS; k++) {
            const __m256 v = _mm256_set1_ps(x[k]);
            const float *row = tile + k * NEAR_TILE + w * 64;
            for (size_t r = 0; r < REGISTERS; r++)
                sum[r] = _mm256_fmadd_ps(v, _mm256_loadu_ps(row + r * LANES), sum[r]);
        }
        mask[w] = 0;
        for (size_t r = 0; r < REGISTERS; r++)
            mask[w] |= (uint64_t)(unsigned)_mm256_movemask_ps(_mm256_cmp_ps(sum[r], most, _CMP_LE_OQ))
                       << (r * LANES);
    }
}

near_kernel *const near_kernel_avx2 = avx2;
#else
near_kernel *const near_kernel_avx2 = NULL;
#endif
