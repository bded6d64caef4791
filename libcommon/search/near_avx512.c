#include "search/near_kernel.h"
#include <immintrin.h>

static void avx512(uint64_t *mask, const float *value, const float *limit, size_t rows)
{
    for (size_t r = 0; r < rows; r++, value += SKETCH_PANEL) {
        const __m512 most = _mm512_set1_ps(limit[r]);
        mask[r] = 0;
        for (size_t j = 0; j < SKETCH_PANEL; j += 16)
            mask[r] |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(value + j), most, _CMP_LE_OQ) << j;
    }
}

const struct near_kernels near_avx512 = {avx512};
