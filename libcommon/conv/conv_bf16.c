/* AVX512-BF16: a pair of products a lane. */
#include "conv/conv_kernel.h"
#include "conv/conv_store512.h"

enum { ROWS = TILE_ROWS, VECTORS = TILE_VECTORS };

static inline __attribute__((always_inline)) __m512bh pairs_at(const uint32_t *p)
{
    return (__m512bh)_mm512_loadu_si512(p);
}

static inline __attribute__((always_inline)) __m512bh pair_everywhere(const uint32_t *p)
{
    int pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

/* Pair k of all rows against the first `vectors` of the panel; unrolled, or the sums live on the stack. */
static inline __attribute__((always_inline)) void step(__m512 sum[ROWS][VECTORS],
                                                       const uint32_t *const a[ROWS], size_t k,
                                                       const uint32_t *b, size_t vectors)
{
    __m512bh w[VECTORS];
#pragma GCC unroll 4
    for (size_t v = 0; v < vectors; v++)
        w[v] = pairs_at(b + 16 * v);
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++) {
        const __m512bh pair = pair_everywhere(a[r] + k);
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++)
            sum[r][v] = _mm512_dpbf16_ps(sum[r][v], pair, w[v]);
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
    const uint32_t *b = t->panel;
    for (size_t s = 0; s < t->walk->segments; s++) {
        const size_t pairs = t->walk->segment[s].length / 2;
        const uint32_t *a[ROWS];
#pragma GCC unroll 6
        for (size_t r = 0; r < ROWS; r++)
            a[r] = (const void *)((const uint16_t *)t->in[r] + t->walk->segment[s].offset);
        for (size_t k = 0; k < pairs; k++, b += CONV_PANEL)
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

static inline __attribute__((always_inline)) void gradient_of(float *grad, const uint32_t *in,
                                                              const uint32_t *dy, size_t steps, size_t rows,
                                                              size_t vectors)
{
    const uint32_t *a[ROWS];
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

const struct conv_kernels conv_bf16 = {.rows = ROWS,
                                       .granule = 2,
                                       .tile = tile,
                                       .gradient = gradient,
                                       .gradient_rows = ROWS,
                                       .gradient_steps = 1};
