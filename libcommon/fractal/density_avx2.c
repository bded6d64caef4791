#include "fractal/density.h"
#include <immintrin.h>

/* The cells of eight points. */
static inline __m256i cells_of(const float *x, const float *y, const struct density_frame *f)
{
    const __m256 zero = _mm256_setzero_ps(), side = _mm256_set1_ps(f->side);
    __m256 u =
        _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x), _mm256_set1_ps(f->x0)), _mm256_set1_ps(f->x_scale));
    __m256 v =
        _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(y), _mm256_set1_ps(f->y0)), _mm256_set1_ps(f->y_scale));
    __m256 inside =
        _mm256_and_ps(_mm256_and_ps(_mm256_cmp_ps(u, zero, _CMP_GE_OQ), _mm256_cmp_ps(u, side, _CMP_LT_OQ)),
                      _mm256_and_ps(_mm256_cmp_ps(v, zero, _CMP_GE_OQ), _mm256_cmp_ps(v, side, _CMP_LT_OQ)));
    __m256i r = _mm256_mullo_epi32(_mm256_cvttps_epi32(u), _mm256_set1_epi32(f->row));
    __m256i c = _mm256_mullo_epi32(_mm256_cvttps_epi32(v), _mm256_set1_epi32(f->column));
    __m256i at = _mm256_add_epi32(_mm256_add_epi32(r, c), _mm256_set1_epi32(f->origin));
    return _mm256_blendv_epi8(_mm256_set1_epi32(f->outside), at, _mm256_castps_si256(inside));
}

static void locate(uint32_t *at, const float *x, const float *y, size_t n, const struct density_frame *f)
{
    for (size_t i = 0; i < n; i += 8)
        _mm256_storeu_si256((__m256i *)(void *)(at + i), cells_of(x + i, y + i, f));
}

static void sum(uint16_t *out, const uint16_t *in, size_t n, const ptrdiff_t *offset, size_t offsets)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i total = _mm256_setzero_si256();
        for (size_t j = 0; j < offsets; j++)
            total = _mm256_adds_epu16(
                total, _mm256_loadu_si256((const __m256i *)(const void *)(in + i + offset[j])));
        _mm256_storeu_si256((__m256i *)(void *)(out + i), total);
    }
    density_plain.sum(out + i, in + i, n - i, offset, offsets);
}

static uint16_t max(const uint16_t *cell, size_t n)
{
    __m256i most = _mm256_setzero_si256();
    uint16_t lane[16];
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        most = _mm256_max_epu16(most, _mm256_loadu_si256((const __m256i *)(const void *)(cell + i)));
    _mm256_storeu_si256((__m256i *)(void *)lane, most);
    uint16_t a = density_plain.max(lane, 16), b = density_plain.max(cell + i, n - i);
    return a > b ? a : b;
}

const struct density_kernels density_avx2 = {locate, sum, max};
