#include "num/conv_kernel.h"
#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

/* A panel is done in four strips of 16 channels: 6 x 2 sums, 2 weights and 1 input fill the 16 registers. */
enum { STRIP = 16 };

static void finish(float *out, const float *sum, const float *bias, const float *residual, bool relu,
                   size_t columns)
{
    for (size_t c = 0; c < columns; c++) {
        float x = sum[c] + (bias ? bias[c] : 0.0f);
        if (residual)
            x += residual[c];
        out[c] = relu && !(x > 0.0f) ? 0.0f : x;
    }
}

static void strip(float sums[CONV_ROWS][STRIP], const float *const *in, const float *panel,
                  const struct conv_walk *walk)
{
    __m256 sum[CONV_ROWS][2];
    for (size_t r = 0; r < CONV_ROWS; r++)
        sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    const float *b = panel;
    for (size_t s = 0; s < walk->segments; s++) {
        const ptrdiff_t offset = walk->segment[s].offset;
        const float *a0 = in[0] + offset, *a1 = in[1] + offset, *a2 = in[2] + offset;
        const float *a3 = in[3] + offset, *a4 = in[4] + offset, *a5 = in[5] + offset;
        const size_t length = walk->segment[s].length;
        for (size_t k = 0; k < length; k++, b += CONV_PANEL) {
            const __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
#define ROW(r)                                                                                               \
    do {                                                                                                     \
        const __m256 a = _mm256_broadcast_ss(a##r + k);                                                      \
        sum[r][0] = _mm256_fmadd_ps(a, b0, sum[r][0]);                                                       \
        sum[r][1] = _mm256_fmadd_ps(a, b1, sum[r][1]);                                                       \
    } while (0)
            ROW(0);
            ROW(1);
            ROW(2);
            ROW(3);
            ROW(4);
            ROW(5);
#undef ROW
        }
    }
    for (size_t r = 0; r < CONV_ROWS; r++) {
        _mm256_storeu_ps(sums[r], sum[r][0]);
        _mm256_storeu_ps(sums[r] + 8, sum[r][1]);
    }
}

static void tile(float *const *out, const float *const *in, const float *panel, const float *bias,
                 const float *const *residual, bool relu, size_t rows, size_t columns,
                 const struct conv_walk *walk)
{
    float sums[CONV_ROWS][STRIP];
    for (size_t at = 0; at < columns; at += STRIP) {
        const size_t width = columns - at < STRIP ? columns - at : STRIP;
        strip(sums, in, panel + at, walk);
        for (size_t r = 0; r < rows; r++)
            finish(out[r] + at, sums[r], bias ? bias + at : NULL, residual ? residual[r] + at : NULL, relu,
                   width);
    }
}

/* One strip of the gradient. */
static void gradient_strip(float *grad, const float *in, const float *dy, size_t pixels, size_t rows)
{
    __m256 sum[CONV_ROWS][2];
#pragma GCC unroll 6
    for (size_t r = 0; r < CONV_ROWS; r++)
#pragma GCC unroll 2
        for (size_t v = 0; v < 2; v++)
            sum[r][v] = r < rows ? _mm256_loadu_ps(grad + r * CONV_PANEL + 8 * v) : _mm256_setzero_ps();
    for (size_t p = 0; p < pixels; p++, in += CONV_GRADIENT_DEPTH, dy += CONV_PANEL) {
        const __m256 b0 = _mm256_loadu_ps(dy), b1 = _mm256_loadu_ps(dy + 8);
#pragma GCC unroll 6
        for (size_t r = 0; r < CONV_ROWS; r++) {
            const __m256 a = _mm256_broadcast_ss(in + r);
            sum[r][0] = _mm256_fmadd_ps(a, b0, sum[r][0]);
            sum[r][1] = _mm256_fmadd_ps(a, b1, sum[r][1]);
        }
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < CONV_ROWS; r++)
#pragma GCC unroll 2
        for (size_t v = 0; v < 2; v++)
            if (r < rows)
                _mm256_storeu_ps(grad + r * CONV_PANEL + 8 * v, sum[r][v]);
}

static void gradient(float *grad, const float *in, const float *dy, size_t pixels, size_t rows)
{
    for (size_t at = 0; at < CONV_PANEL; at += STRIP)
        gradient_strip(grad + at, in, dy + at, pixels, rows);
}

const struct conv_kernels conv_kernels_avx2 = {tile, gradient};
#else
const struct conv_kernels conv_kernels_avx2 = {0};
#endif
