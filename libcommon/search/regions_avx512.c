#include "search/regions_kernel.h"
#include <immintrin.h>

enum { BLOCK = 64 }; /* queries at a time, in four registers */

static void avx512(float squared[REGION_QUERIES], const float *low, const float *high, const float *query)
{
    for (size_t first = 0; first < REGION_QUERIES; first += BLOCK) {
        __m512 sum[BLOCK / 16] = {0};
        for (size_t k = 0; k < SKETCH_DIMS; k++) {
            const __m512 l = _mm512_set1_ps(low[k]), h = _mm512_set1_ps(high[k]);
            for (size_t i = 0; i < BLOCK / 16; i++) {
                const __m512 x = _mm512_loadu_ps(query + k * REGION_QUERIES + first + 16 * i);
                const __m512 more = _mm512_max_ps(_mm512_sub_ps(l, x), _mm512_sub_ps(x, h));
                const __m512 out = _mm512_max_ps(more, _mm512_setzero_ps());
                sum[i] = _mm512_fmadd_ps(out, out, sum[i]);
            }
        }
        for (size_t i = 0; i < BLOCK / 16; i++)
            _mm512_storeu_ps(squared + first + 16 * i, sum[i]);
    }
}

const struct regions_kernels regions_avx512 = {avx512};
