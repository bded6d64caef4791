#include "fractal/compose.h"
#include <immintrin.h>

static inline __m256i widened(const uint8_t *p)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
}

static inline __m256i mixed16(const uint8_t *a, const uint8_t *b, const uint8_t *c, __m256i edge,
                              __m256i middle)
{
    __m256i outer = _mm256_mullo_epi16(_mm256_add_epi16(widened(a), widened(c)), edge);
    __m256i sum = _mm256_add_epi16(outer, _mm256_mullo_epi16(widened(b), middle));
    return _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(128)), 8);
}

static void mix(uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t n, unsigned edge)
{
    const __m256i e = _mm256_set1_epi16((int16_t)edge), m = _mm256_set1_epi16((int16_t)(256 - 2 * edge));
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i low = mixed16(a + i, b + i, c + i, e, m);
        __m256i high = mixed16(a + i + 16, b + i + 16, c + i + 16, e, m);
        __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xD8);
        _mm256_storeu_si256((__m256i *)(void *)(out + i), both);
    }
    blur_plain.mix(out + i, a + i, b + i, c + i, n - i, edge);
}

const struct blur_kernels blur_avx2 = {mix};
