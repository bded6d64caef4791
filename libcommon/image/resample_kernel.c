#include "image/resample.h"
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* 8 bit times 14 bit, summed; then 7 fractional bits stay, and at last none. */
enum { ROW_SHIFT = 7, PIXEL_SHIFT = 21 };

static void rows_from(int16_t *out, const uint8_t *in, size_t stride, size_t first, size_t n,
                      const struct resample_taps *t)
{
    for (size_t i = first; i < n; i++) {
        int sum = 1 << (ROW_SHIFT - 1);
        for (size_t j = 0; j < t->count; j++)
            sum += t->weight[j] * in[j * stride + i];
        out[i] = (int16_t)(sum >> ROW_SHIFT);
    }
}

void resample_rows_plain(int16_t *out, const uint8_t *in, size_t stride, size_t n,
                         const struct resample_taps *t)
{
    rows_from(out, in, stride, 0, n, t);
}

void resample_pixel_plain(uint8_t out[3], const int16_t *in, const struct resample_taps *t)
{
    for (size_t c = 0; c < 3; c++) {
        int sum = 1 << (PIXEL_SHIFT - 1);
        for (size_t j = 0; j < t->count; j++)
            sum += t->weight[j] * in[3 * j + c];
        out[c] = (uint8_t)(sum >> PIXEL_SHIFT);
    }
}

#ifdef __SSE2__
/* Weights j and j + 1 in every 32-bit lane. */
static inline __m128i weight_pair(const int16_t *weight)
{
    int32_t pair;
    memcpy(&pair, weight, sizeof pair);
    return _mm_set1_epi32(pair);
}

static inline __m128i narrowed(__m128i a, __m128i b)
{
    return _mm_packs_epi32(_mm_srai_epi32(a, ROW_SHIFT), _mm_srai_epi32(b, ROW_SHIFT));
}

/* 16 samples of the result. The partner of a last odd row has weight zero: the row itself serves. */
static inline void rows_block(int16_t *out, const uint8_t *in, size_t stride, const struct resample_taps *t)
{
    const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(1 << (ROW_SHIFT - 1));
    __m128i sum[4] = {half, half, half, half};
    for (size_t j = 0; j < t->count; j += 2) {
        const uint8_t *p = in + j * stride, *q = j + 1 < t->count ? p + stride : p;
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
        const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)q);
        const __m128i low = _mm_unpacklo_epi8(a, b), high = _mm_unpackhi_epi8(a, b);
        const __m128i w = weight_pair(t->weight + j);
        sum[0] = _mm_add_epi32(sum[0], _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), w));
        sum[1] = _mm_add_epi32(sum[1], _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), w));
        sum[2] = _mm_add_epi32(sum[2], _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), w));
        sum[3] = _mm_add_epi32(sum[3], _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), w));
    }
    _mm_storeu_si128((__m128i *)(void *)out, narrowed(sum[0], sum[1]));
    _mm_storeu_si128((__m128i *)(void *)(out + 8), narrowed(sum[2], sum[3]));
}

void resample_rows(int16_t *out, const uint8_t *in, size_t stride, size_t n, const struct resample_taps *t)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        rows_block(out + i, in + i, stride, t);
    rows_from(out, in, stride, i, n, t);
}

/* r0 g0 b0 r1 g1 b1 .. .. becomes r0 r1 g0 g1 b0 b1 .. .., which the pair of weights meets. */
void resample_pixel(uint8_t out[3], const int16_t *in, const struct resample_taps *t)
{
    __m128i sum = _mm_set1_epi32(1 << (PIXEL_SHIFT - 1));
    for (size_t j = 0; j < t->count; j += 2) {
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(in + 3 * j));
        const __m128i pairs = _mm_unpacklo_epi16(a, _mm_srli_si128(a, 6));
        sum = _mm_add_epi32(sum, _mm_madd_epi16(pairs, weight_pair(t->weight + j)));
    }
    sum = _mm_packs_epi32(_mm_srai_epi32(sum, PIXEL_SHIFT), sum);
    const int32_t rgb = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
    memcpy(out, &rgb, 3);
}
#else
void resample_rows(int16_t *out, const uint8_t *in, size_t stride, size_t n, const struct resample_taps *t)
{
    resample_rows_plain(out, in, stride, n, t);
}

void resample_pixel(uint8_t out[3], const int16_t *in, const struct resample_taps *t)
{
    resample_pixel_plain(out, in, t);
}
#endif
