/* What kernels in AVX-512 share: how a tile's sums leave, 16 channels of a row at a time, and how those of a
 * gradient's tile come and go. */
#include "conv/conv_kernel.h"
#include <immintrin.h>

static inline __attribute__((always_inline)) __m512 load_bf16(__mmask16 m, const uint16_t *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(m, p)), 16));
}

static inline __attribute__((always_inline)) void store_bf16(uint16_t *p, __mmask16 m, __m512 x)
{
#ifdef __AVX512BF16__
    _mm256_mask_storeu_epi16(p, m, (__m256i)_mm512_cvtneps_pbh(x));
#else
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    _mm256_mask_storeu_epi16(p, m, _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
#endif
}

static inline __attribute__((always_inline)) void store_lanes(const struct conv_tile *t, size_t r, size_t at,
                                                              __m512 x)
{
    const size_t left = t->columns - at;
    const __mmask16 m = left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1);
    const bool narrow = t->walk->out == DT_BF16;
    if (t->bias)
        x = _mm512_add_ps(x, _mm512_loadu_ps(t->bias + at));
    if (t->residual[r])
        x = _mm512_add_ps(x, narrow ? load_bf16(m, (const uint16_t *)t->residual[r] + at)
                                    : _mm512_maskz_loadu_ps(m, (const float *)t->residual[r] + at));
    if (t->relu)
        x = _mm512_max_ps(x, _mm512_setzero_ps());
    if (narrow)
        store_bf16((uint16_t *)t->out[r] + at, m, x);
    else
        _mm512_mask_storeu_ps((float *)t->out[r] + at, m, x);
}

enum { TILE_ROWS = 6, TILE_VECTORS = CONV_PANEL / 16 };

/* All sums of a tile of 6 rows. Unrolled, so that they come from registers; sums that nothing follows, as
 * those of sketches and transformed tiles, are stored at once. */
static inline __attribute__((always_inline)) void store_tile(const struct conv_tile *t,
                                                             __m512 sum[TILE_ROWS][TILE_VECTORS])
{
    if (t->rows == TILE_ROWS && t->columns == CONV_PANEL && t->walk->out == DT_F32 && !t->bias && !t->relu &&
        !t->residual[0]) {
#pragma GCC unroll 6
        for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 4
            for (size_t v = 0; v < TILE_VECTORS; v++)
                _mm512_storeu_ps((float *)t->out[r] + 16 * v, sum[r][v]);
        return;
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < TILE_VECTORS; v++)
            if (r < t->rows && 16 * v < t->columns)
                store_lanes(t, r, 16 * v, sum[r][v]);
}

/* The sums of a gradient's tile, the first `vectors` of its rows and back; rows from `rows` on are zero, and not stored. */
static inline __attribute__((always_inline)) void load_gradient(__m512 sum[TILE_ROWS][TILE_VECTORS],
                                                                const float *gradient, size_t rows,
                                                                size_t vectors)
{
#pragma GCC unroll 6
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++)
            sum[r][v] = r < rows ? _mm512_loadu_ps(gradient + r * CONV_PANEL + 16 * v) : _mm512_setzero_ps();
}

static inline __attribute__((always_inline)) void store_gradient(float *gradient,
                                                                 __m512 sum[TILE_ROWS][TILE_VECTORS],
                                                                 size_t rows, size_t vectors)
{
#pragma GCC unroll 6
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++)
            if (r < rows)
                _mm512_storeu_ps(gradient + r * CONV_PANEL + 16 * v, sum[r][v]);
}
