#include "search/near_kernel.h"
#include <immintrin.h>

static void avx2(uint64_t *mask, const float *value, const float *limit, size_t rows)
{
    for (size_t r = 0; r < rows; r++, value += SKETCH_PANEL) {
        const __m256 most = _mm256_set1_ps(limit[r]);
        mask[r] = 0;
        for (size_t j = 0; j < SKETCH_PANEL; j += 8) {
            const __m256 near = _mm256_cmp_ps(_mm256_loadu_ps(value + j), most, _CMP_LE_OQ);
            mask[r] |= (uint64_t)(unsigned)_mm256_movemask_ps(near) << j;
        }
    }
}

const struct near_kernels near_avx2 = {avx2};
