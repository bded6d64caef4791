#include "conv/conv_kernel.h"
#include "conv/conv_store512.h"

enum { ROWS = TILE_ROWS, VECTORS = TILE_VECTORS };

static void tile(const struct conv_tile *t)
{
    __m512 sum[ROWS][VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            sum[r][v] = _mm512_setzero_ps();
    const float *b = t->panel;
    for (size_t s = 0; s < t->walk->segments; s++) {
        const ptrdiff_t offset = t->walk->segment[s].offset;
        const float *a0 = (const float *)t->in[0] + offset, *a1 = (const float *)t->in[1] + offset;
        const float *a2 = (const float *)t->in[2] + offset, *a3 = (const float *)t->in[3] + offset;
        const float *a4 = (const float *)t->in[4] + offset, *a5 = (const float *)t->in[5] + offset;
        const size_t length = t->walk->segment[s].length;
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
    store_tile(t, sum);
}

static void gradient(float *grad, const void *in_pixels, const void *dy_pixels, size_t steps, size_t rows)
{
    const float *in = in_pixels, *dy = dy_pixels;
    __m512 sum[ROWS][VECTORS];
    load_gradient(sum, grad, rows);
    for (size_t p = 0; p < steps; p++, in += CONV_GRADIENT_DEPTH, dy += CONV_PANEL) {
        const __m512 b0 = _mm512_loadu_ps(dy), b1 = _mm512_loadu_ps(dy + 16);
        const __m512 b2 = _mm512_loadu_ps(dy + 32), b3 = _mm512_loadu_ps(dy + 48);
#pragma GCC unroll 6
        for (size_t r = 0; r < ROWS; r++) {
            const __m512 a = _mm512_set1_ps(in[r]);
            sum[r][0] = _mm512_fmadd_ps(a, b0, sum[r][0]);
            sum[r][1] = _mm512_fmadd_ps(a, b1, sum[r][1]);
            sum[r][2] = _mm512_fmadd_ps(a, b2, sum[r][2]);
            sum[r][3] = _mm512_fmadd_ps(a, b3, sum[r][3]);
        }
    }
    store_gradient(grad, sum, rows);
}

const struct conv_kernels conv_avx512 = {.rows = ROWS,
                                         .granule = 1,
                                         .tile = tile,
                                         .gradient = gradient,
                                         .gradient_rows = ROWS,
                                         .gradient_steps = 1};
