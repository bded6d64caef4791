/* Compiled once for every level (num/level.h); the compiler makes vectors of the loops.
 *
 * exp(x) = 2^k exp(r), k the whole number next to x / ln 2, |r| <= ln 2 / 2, by a polynomial; tanh(x) by a polynomial near 0, else
 * 1 - 2 / (exp(2 x) + 1). Coefficients: Moshier, Cephes library (expf.c, tanhf.c). */
#include "num/exponential_kernel.h"
#include "num/level.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a or b, by bits: where one of them is computed in a branch only, the compiler makes no vectors. */
static inline float choose(bool first, float a, float b)
{
    const uint32_t mask = 0u - (uint32_t)first;
    return float_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

static inline float exp_one(float x)
{
    /* 1.5 * 2^23: adding it rounds to a whole number, which then stands in the lowest bits */
    const float magic = 12582912.0f;
    const float low = choose(x < -87.0f, -87.0f, x), within = choose(low > 87.0f, 87.0f, low);
    const float shifted = within * 1.44269504f + magic, k = shifted - magic;
    const float r = within - k * 0.693359375f - k * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    /* 2^k: the constant's own bits are shifted out */
    return p * float_of((bits_of(shifted) << 23) + (127u << 23));
}

static inline float tanh_one(float x)
{
    const float z = x * x, size = choose(x < 0, -x, x);
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    const float near = p * z * x + x, far = 1.0f - 2.0f / (exp_one(2.0f * size) + 1.0f);
    return choose(size < 0.625f, near, choose(x < 0, -far, far));
}

/* So many at a time, from and to arrays of their own, since out may be in. */
enum { BLOCK = 32 };

/* A whole block's copy is of a known size, and so no call. */
static inline void copy(float *to, const float *from, size_t n)
{
    if (n == BLOCK)
        memcpy(to, from, BLOCK * sizeof *to);
    else
        memcpy(to, from, n * sizeof *to);
}

static void exp_all(float *out, const float *in, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t count = n - at < BLOCK ? n - at : BLOCK;
        float x[BLOCK] = {0}, y[BLOCK];
        copy(x, in + at, count);
        for (size_t i = 0; i < BLOCK; i++)
            y[i] = exp_one(x[i]);
        copy(out + at, y, count);
    }
}

static void tanh_all(float *out, const float *in, float factor, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t count = n - at < BLOCK ? n - at : BLOCK;
        float x[BLOCK] = {0}, y[BLOCK];
        copy(x, in + at, count);
        for (size_t i = 0; i < BLOCK; i++)
            y[i] = tanh_one(factor * x[i]);
        copy(out + at, y, count);
    }
}

const struct exponential_kernels KERNELS(exponential) = {exp_all, tanh_all};
