#include "search/near_kernel.h"
#include <immintrin.h>

static uint64_t avx2(const float value[64], float limit)
{
    const __m256 most = _mm256_set1_ps(limit);
    uint64_t mask = 0;
    for (size_t j = 0; j < 64; j += 8) {
        const __m256 near = _mm256_cmp_ps(_mm256_loadu_ps(value + j), most, _CMP_LE_OQ);
        mask |= (uint64_t)(unsigned)_mm256_movemask_ps(near) << j;
    }
    return mask;
}

const struct near_kernels near_avx2 = {avx2};
