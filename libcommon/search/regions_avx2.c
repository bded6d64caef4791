#include "search/regions_kernel.h"
#include <immintrin.h>

enum { BLOCK = 32 }; /* queries at a time, in four registers */

static void avx2(float squared[REGION_QUERIES], const float *low, const float *high, const float *query)
{
    for (size_t first = 0; first < REGION_QUERIES; first += BLOCK) {
        __m256 sum[BLOCK / 8] = {0};
        for (size_t k = 0; k < SKETCH_DIMS; k++) {
            const __m256 l = _mm256_broadcast_ss(low + k), h = _mm256_broadcast_ss(high + k);
            for (size_t i = 0; i < BLOCK / 8; i++) {
                const __m256 x = _mm256_loadu_ps(query + k * REGION_QUERIES + first + 8 * i);
                const __m256 more = _mm256_max_ps(_mm256_sub_ps(l, x), _mm256_sub_ps(x, h));
                const __m256 out = _mm256_max_ps(more, _mm256_setzero_ps());
                sum[i] = _mm256_fmadd_ps(out, out, sum[i]);
            }
        }
        for (size_t i = 0; i < BLOCK / 8; i++)
            _mm256_storeu_ps(squared + first + 8 * i, sum[i]);
    }
}

const struct regions_kernels regions_avx2 = {avx2};
