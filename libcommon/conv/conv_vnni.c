/* AVX512-VNNI: unsigned 8-bit input times signed 8-bit weights, four products a lane, exact in 32 bits. */
#include "conv/conv_kernel.h"
#include "conv/conv_store512.h"

enum { ROWS = TILE_ROWS, VECTORS = TILE_VECTORS };

/* sum += the four products of each lane's unsigned and signed numbers. By hand, as gcc 12 keeps the sums of
 * its own on the stack. */
static inline __attribute__((always_inline)) __m512i add_products(__m512i sum, __m512i numbers,
                                                                  __m512i weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(numbers), "v"(weights));
    return sum;
}

/* Quad k of all rows; unrolled, or the sums live on the stack. */
static inline __attribute__((always_inline)) void step(__m512i sum[ROWS][VECTORS],
                                                       const uint32_t *const a[ROWS], size_t k,
                                                       const uint32_t *b)
{
    const __m512i b0 = _mm512_loadu_si512(b), b1 = _mm512_loadu_si512(b + 16);
    const __m512i b2 = _mm512_loadu_si512(b + 32), b3 = _mm512_loadu_si512(b + 48);
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++) {
        int quad;
        __builtin_memcpy(&quad, a[r] + k, sizeof quad);
        const __m512i q = _mm512_set1_epi32(quad);
        sum[r][0] = add_products(sum[r][0], q, b0);
        sum[r][1] = add_products(sum[r][1], q, b1);
        sum[r][2] = add_products(sum[r][2], q, b2);
        sum[r][3] = add_products(sum[r][3], q, b3);
    }
}

static void tile(const struct conv_tile *t)
{
    __m512i sum[ROWS][VECTORS];
    __m512 x[ROWS][VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            sum[r][v] = _mm512_setzero_si512();
    const uint32_t *b = t->panel;
    for (size_t s = 0; s < t->walk->segments; s++) {
        const size_t quads = t->walk->segment[s].length / 4;
        const uint32_t *a[ROWS];
#pragma GCC unroll 6
        for (size_t r = 0; r < ROWS; r++)
            a[r] = (const void *)((const char *)t->in[r] + t->walk->segment[s].offset);
        for (size_t k = 0; k < quads; k++, b += CONV_PANEL)
            step(sum, a, k, b);
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            x[r][v] = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][v]), _mm512_loadu_ps(t->scale + 16 * v));
    store_tile(t, x);
}

const struct conv_kernels conv_vnni = {.rows = ROWS, .granule = 4, .tile = tile};
