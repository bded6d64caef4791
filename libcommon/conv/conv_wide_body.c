/* Compiled once for every level (num/level.h): bf16 kernels for CPUs without instructions for it. Pairs of bf16 are widened to
 * f32, the even one by a shift, the odd one by a mask; the compiler makes vectors of the loops over channels. */
#include "conv/conv_store.h"
#include "num/level.h"
#include <string.h>

enum { ROWS = 6 };

static inline float even_of(uint32_t pair)
{
    const uint32_t bits = pair << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float odd_of(uint32_t pair)
{
    const uint32_t bits = pair & 0xffff0000u;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t pair_at(const void *pairs, size_t i)
{
    uint32_t pair;
    memcpy(&pair, (const char *)pairs + i * sizeof pair, sizeof pair);
    return pair;
}

/* sum[c] += the products of one pair with 64 pairs. */
static inline void add_products(float sum[CONV_PANEL], uint32_t a, const void *b)
{
    const float even = even_of(a), odd = odd_of(a);
    for (size_t c = 0; c < CONV_PANEL; c++) {
        const uint32_t pair = pair_at(b, c);
        sum[c] += even * even_of(pair);
        sum[c] += odd * odd_of(pair);
    }
}

static void tile(const struct conv_tile *t)
{
    for (size_t r = 0; r < t->rows; r++) {
        float sum[CONV_PANEL] = {0};
        const uint16_t *b = t->panel;
        for (size_t s = 0; s < t->walk->segments; s++) {
            const uint16_t *a = (const uint16_t *)t->in[r] + t->walk->segment[s].offset;
            for (size_t k = 0; k < t->walk->segment[s].length; k += 2, b += 2 * CONV_PANEL)
                add_products(sum, pair_at(a + k, 0), b);
        }
        conv_store(t, r, 0, sum, t->columns);
    }
}

static void gradient(float *grad, const void *in, const void *dy, size_t steps, size_t rows, size_t columns)
{
    (void)columns; /* lines of 64 are what the compiler makes vectors of */
    for (size_t r = 0; r < rows; r++) {
        float sum[CONV_PANEL];
        memcpy(sum, grad + r * CONV_PANEL, sizeof sum);
        for (size_t p = 0; p < steps; p++)
            add_products(sum, pair_at(in, p * CONV_GRADIENT_DEPTH + r),
                         (const uint32_t *)dy + p * CONV_PANEL);
        memcpy(grad + r * CONV_PANEL, sum, sizeof sum);
    }
}

const struct conv_kernels KERNELS(conv_wide) = {.rows = ROWS,
                                                .granule = 2,
                                                .tile = tile,
                                                .gradient = gradient,
                                                .gradient_rows = ROWS,
                                                .gradient_steps = 1};
