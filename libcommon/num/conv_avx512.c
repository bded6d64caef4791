#include "num/conv_kernel.h"
#if defined(__AVX512F__)
#include <immintrin.h>

enum { VECTORS = CONV_PANEL / 16 };

static void tile(float *const *out, const float *const *in, const float *panel, const float *bias,
                 const float *const *residual, bool relu, size_t rows, size_t columns,
                 const struct conv_walk *walk)
{
    __m512 sum[CONV_ROWS][VECTORS];
    for (size_t r = 0; r < CONV_ROWS; r++)
        for (size_t v = 0; v < VECTORS; v++)
            sum[r][v] = _mm512_setzero_ps();
    const float *b = panel;
    for (size_t s = 0; s < walk->segments; s++) {
        const ptrdiff_t offset = walk->segment[s].offset;
        const float *a0 = in[0] + offset, *a1 = in[1] + offset, *a2 = in[2] + offset;
        const float *a3 = in[3] + offset, *a4 = in[4] + offset, *a5 = in[5] + offset;
        const size_t length = walk->segment[s].length;
        for (size_t k = 0; k < length; k++, b += CONV_PANEL) {
            const __m512 b0 = _mm512_loadu_ps(b), b1 = _mm512_loadu_ps(b + 16);
            const __m512 b2 = _mm512_loadu_ps(b + 32), b3 = _mm512_loadu_ps(b + 48);
#define ROW(r)                                                                                               \
    do {                                                                                                     \
        const __m512 a = _mm512_set1_ps(a##r[k]);                                                            \
        sum[r][0] = _mm512_fmadd_ps(a, b0, sum[r][0]);                                                       \
        sum[r][1] = _mm512_fmadd_ps(a, b1, sum[r][1]);                                                       \
        sum[r][2] = _mm512_fmadd_ps(a, b2, sum[r][2]);                                                       \
        sum[r][3] = _mm512_fmadd_ps(a, b3, sum[r][3]);                                                       \
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
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < VECTORS && 16 * v < columns; v++) {
            const __mmask16 m = columns - 16 * v >= 16 ? 0xffff : (__mmask16)((1u << (columns - 16 * v)) - 1);
            __m512 x = sum[r][v];
            if (bias)
                x = _mm512_add_ps(x, _mm512_loadu_ps(bias + 16 * v));
            if (residual)
                x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(m, residual[r] + 16 * v));
            if (relu)
                x = _mm512_max_ps(x, _mm512_setzero_ps());
            _mm512_mask_storeu_ps(out[r] + 16 * v, m, x);
        }
}

static void gradient(float *grad, const float *in, const float *dy, size_t pixels, size_t rows)
{
    __m512 sum[CONV_ROWS][VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < CONV_ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            sum[r][v] = r < rows ? _mm512_loadu_ps(grad + r * CONV_PANEL + 16 * v) : _mm512_setzero_ps();
    for (size_t p = 0; p < pixels; p++, in += CONV_GRADIENT_DEPTH, dy += CONV_PANEL) {
        const __m512 b0 = _mm512_loadu_ps(dy), b1 = _mm512_loadu_ps(dy + 16);
        const __m512 b2 = _mm512_loadu_ps(dy + 32), b3 = _mm512_loadu_ps(dy + 48);
#pragma GCC unroll 6
        for (size_t r = 0; r < CONV_ROWS; r++) {
            const __m512 a = _mm512_set1_ps(in[r]);
            sum[r][0] = _mm512_fmadd_ps(a, b0, sum[r][0]);
            sum[r][1] = _mm512_fmadd_ps(a, b1, sum[r][1]);
            sum[r][2] = _mm512_fmadd_ps(a, b2, sum[r][2]);
            sum[r][3] = _mm512_fmadd_ps(a, b3, sum[r][3]);
        }
    }
    /* unrolled, or the sums live on the stack all along */
#pragma GCC unroll 6
    for (size_t r = 0; r < CONV_ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            if (r < rows)
                _mm512_storeu_ps(grad + r * CONV_PANEL + 16 * v, sum[r][v]);
}

const struct conv_kernels conv_kernels_avx512 = {tile, gradient};
#else
const struct conv_kernels conv_kernels_avx512 = {0};
#endif
