#include "conv/conv_kernel.h"
#include "conv/conv_store512.h"

enum { ROWS = TILE_ROWS, VECTORS = TILE_VECTORS };

/* Depth k of all rows against the first `vectors` of the panel; unrolled, or the sums live on the stack. */
static inline __attribute__((always_inline)) void step(__m512 sum[ROWS][VECTORS], const float *const a[ROWS],
                                                       size_t k, const float *b, size_t vectors)
{
    __m512 w[VECTORS];
#pragma GCC unroll 4
    for (size_t v = 0; v < vectors; v++)
        w[v] = _mm512_loadu_ps(b + 16 * v);
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++) {
        const __m512 x = _mm512_set1_ps(a[r][k]);
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++)
            sum[r][v] = _mm512_fmadd_ps(x, w[v], sum[r][v]);
    }
}

static inline __attribute__((always_inline)) void tile_of(const struct conv_tile *t, size_t vectors)
{
    __m512 sum[ROWS][VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            sum[r][v] = _mm512_setzero_ps();
    const float *b = t->panel;
    for (size_t s = 0; s < t->walk->segments; s++) {
        const float *a[ROWS];
#pragma GCC unroll 6
        for (size_t r = 0; r < ROWS; r++)
            a[r] = (const float *)t->in[r] + t->walk->segment[s].offset;
        const size_t length = t->walk->segment[s].length;
        for (size_t k = 0; k < length; k++, b += CONV_PANEL)
            step(sum, a, k, b, vectors);
    }
    store_tile(t, sum);
}

static void tile(const struct conv_tile *t)
{
    if (t->columns > HALF_PANEL)
        tile_of(t, VECTORS);
    else
        tile_of(t, VECTORS / 2);
}

static inline __attribute__((always_inline)) void gradient_of(float *grad, const float *in, const float *dy,
                                                              size_t steps, size_t rows, size_t vectors)
{
    const float *a[ROWS];
    __m512 sum[ROWS][VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
        a[r] = in + r;
    load_gradient(sum, grad, rows, vectors);
    for (size_t p = 0; p < steps; p++, dy += CONV_PANEL)
        step(sum, a, p * CONV_GRADIENT_DEPTH, dy, vectors);
    store_gradient(grad, sum, rows, vectors);
}

static void gradient(float *grad, const void *in, const void *dy, size_t steps, size_t rows, size_t columns)
{
    if (columns > HALF_PANEL)
        gradient_of(grad, in, dy, steps, rows, VECTORS);
    else
        gradient_of(grad, in, dy, steps, rows, VECTORS / 2);
}

const struct conv_kernels conv_avx512 = {.rows = ROWS,
                                         .granule = 1,
                                         .tile = tile,
                                         .gradient = gradient,
                                         .gradient_rows = ROWS,
                                         .gradient_steps = 1};
