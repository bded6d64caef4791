#include "num/near_kernel.h"
#ifdef __AVX512F__
#include <immintrin.h>

/* All 128 sums stay in registers: eight of sixteen lanes. */
static void avx512(uint64_t mask[NEAR_TILE / 64], const float *x, const float *tile, const float *offset,
                   float limit)
{
    enum { LANES = 16, REGISTERS = NEAR_TILE / LANES };
    __m512 sum[REGISTERS];
    for (size_t r = 0; r < REGISTERS; r++)
        sum[r] = _mm512_loadu_ps(offset + r * LANES);
    for (size_t k = 0; k < NEAR_DIMS; k++) {
        const __m512 v = _mm512_set1_ps(x[k]);
        for (size_t r = 0; r < REGISTERS; r++)
            sum[r] = _mm512_fmadd_ps(v, _mm512_loadu_ps(tile + k * NEAR_TILE + r * LANES), sum[r]);
    }
    const __m512 most = _mm512_set1_ps(limit);
    mask[0] = mask[1] = 0;
    for (size_t r = 0; r < REGISTERS; r++)
        mask[r / 4] |= (uint64_t)_mm512_cmp_ps_mask(sum[r], most, _CMP_LE_OQ) << (r % 4 * LANES);
}

near_kernel *const near_kernel_avx512 = avx512;
#else
near_kernel *const near_kernel_avx512 = NULL;
#endif
