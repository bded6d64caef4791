#include "search/near_kernel.h"
#include <immintrin.h>

static uint64_t avx512(const float value[64], float limit)
{
    const __m512 most = _mm512_set1_ps(limit);
    uint64_t mask = 0;
    for (size_t j = 0; j < 64; j += 16)
        mask |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(value + j), most, _CMP_LE_OQ) << j;
    return mask;
}

const struct near_kernels near_avx512 = {avx512};
