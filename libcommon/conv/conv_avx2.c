#include "conv/conv_store.h"
#include <immintrin.h>

/* A panel is done in four strips of 16 channels: 6 x 2 sums, 2 weights and 1 input fill the 16 registers. */
enum { ROWS = 6, STRIP = 16 };

/* Eight sums of row r, from channel `at` on, through the epilogue: as conv_store. */
static inline void store(const struct conv_tile *t, size_t r, size_t at, __m256 sum)
{
    const __m256 zero = _mm256_setzero_ps();
    __m256 x = _mm256_add_ps(sum, t->bias ? _mm256_loadu_ps(t->bias + at) : zero);
    if (t->residual[r])
        x = _mm256_add_ps(x, _mm256_loadu_ps((const float *)t->residual[r] + at));
    if (t->relu)
        x = _mm256_and_ps(x, _mm256_cmp_ps(x, zero, _CMP_GT_OQ));
    _mm256_storeu_ps((float *)t->out[r] + at, x);
}

/* What the panel's last strip has of its 16 channels. */
static void store_some(const struct conv_tile *t, size_t r, size_t at, const __m256 sum[2])
{
    float sums[STRIP];
    _mm256_storeu_ps(sums, sum[0]);
    _mm256_storeu_ps(sums + 8, sum[1]);
    conv_store(t, r, at, sums, t->columns - at);
}

static void strip(const struct conv_tile *t, size_t at)
{
    __m256 sum[ROWS][2];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
        sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    const float *b = (const float *)t->panel + at;
    for (size_t s = 0; s < t->walk->segments; s++) {
        const ptrdiff_t offset = t->walk->segment[s].offset;
        const float *a0 = (const float *)t->in[0] + offset, *a1 = (const float *)t->in[1] + offset;
        const float *a2 = (const float *)t->in[2] + offset, *a3 = (const float *)t->in[3] + offset;
        const float *a4 = (const float *)t->in[4] + offset, *a5 = (const float *)t->in[5] + offset;
        const size_t length = t->walk->segment[s].length;
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
    const bool whole = t->columns - at >= STRIP;
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++) {
        if (r < t->rows && whole) {
            store(t, r, at, sum[r][0]);
            store(t, r, at + 8, sum[r][1]);
        } else if (r < t->rows) {
            store_some(t, r, at, sum[r]);
        }
    }
}

static void tile(const struct conv_tile *t)
{
    for (size_t at = 0; at < t->columns; at += STRIP)
        strip(t, at);
}

/* One strip of the gradient. */
static void gradient_strip(float *grad, const float *in, const float *dy, size_t pixels, size_t rows)
{
    __m256 sum[ROWS][2];
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 2
        for (size_t v = 0; v < 2; v++)
            sum[r][v] = r < rows ? _mm256_loadu_ps(grad + r * CONV_PANEL + 8 * v) : _mm256_setzero_ps();
    for (size_t p = 0; p < pixels; p++, in += CONV_GRADIENT_DEPTH, dy += CONV_PANEL) {
        const __m256 b0 = _mm256_loadu_ps(dy), b1 = _mm256_loadu_ps(dy + 8);
#pragma GCC unroll 6
        for (size_t r = 0; r < ROWS; r++) {
            const __m256 a = _mm256_broadcast_ss(in + r);
            sum[r][0] = _mm256_fmadd_ps(a, b0, sum[r][0]);
            sum[r][1] = _mm256_fmadd_ps(a, b1, sum[r][1]);
        }
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < ROWS; r++)
#pragma GCC unroll 2
        for (size_t v = 0; v < 2; v++)
            if (r < rows)
                _mm256_storeu_ps(grad + r * CONV_PANEL + 8 * v, sum[r][v]);
}

static void gradient(float *grad, const void *in, const void *dy, size_t steps, size_t rows, size_t columns)
{
    for (size_t at = 0; at < columns; at += STRIP)
        gradient_strip(grad + at, in, (const float *)dy + at, steps, rows);
}

const struct conv_kernels conv_avx2 = {.rows = ROWS,
                                       .granule = 1,
                                       .tile = tile,
                                       .gradient = gradient,
                                       .gradient_rows = ROWS,
                                       .gradient_steps = 1};
