/* AVX512-VNNI: unsigned 8-bit input times signed 8-bit weights, four products a lane, exact in 32 bits. */
#include "num/conv_kernel.h"
#if defined(__AVX512VNNI__)
#include "num/conv_store512.h"

enum { ROWS = TILE_ROWS, VECTORS = TILE_VECTORS };

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
        const char *a[ROWS];
#pragma GCC unroll 6
        for (size_t r = 0; r < ROWS; r++)
            a[r] = (const char *)t->in[r] + t->walk->segment[s].offset;
        for (size_t k = 0; k < quads; k++, b += CONV_PANEL) {
            const __m512i b0 = _mm512_loadu_si512(b), b1 = _mm512_loadu_si512(b + 16);
            const __m512i b2 = _mm512_loadu_si512(b + 32), b3 = _mm512_loadu_si512(b + 48);
#pragma GCC unroll 6
            for (size_t r = 0; r < ROWS; r++) {
                int quad;
                __builtin_memcpy(&quad, a[r] + 4 * k, sizeof quad);
                const __m512i q = _mm512_set1_epi32(quad);
                sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], q, b0);
                sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], q, b1);
                sum[r][2] = _mm512_dpbusd_epi32(sum[r][2], q, b2);
                sum[r][3] = _mm512_dpbusd_epi32(sum[r][3], q, b3);
            }
        }
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            x[r][v] = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][v]), _mm512_loadu_ps(t->scale + 16 * v));
    store_tile(t, x);
}

const struct conv_kernels conv_vnni = {.rows = ROWS, .granule = 4, .tile = tile};
#else
const struct conv_kernels conv_vnni = {0};
#endif
