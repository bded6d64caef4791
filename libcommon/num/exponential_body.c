/* Compiled once for every level (num/level.h); the compiler makes vectors of the loops.
 *
 * exp(x) = 2^k exp(r), k the whole number next to x / ln 2, |r| <= ln 2 / 2, by a polynomial; tanh(x) by a polynomial near 0, else
 * 1 - 2 / (exp(2 x) + 1). Coefficients: Moshier, Cephes library (expf.c, tanhf.c). */
#include "num/exponential_kernel.h"
#include "num/level.h"
#include <stdint.h>
#include <string.h>

static inline float exp_one(float x)
{
    const float magic =
        12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number, which then stands in the lowest bits */
    const float low = x < -87.0f ? -87.0f : x, within = low > 87.0f ? 87.0f : low;
    const float shifted = within * 1.44269504f + magic, k = shifted - magic;
    const float r = within - k * 0.693359375f - k * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    uint32_t bits;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (127u << 23); /* 2^k: the constant's own bits are shifted out */
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline float tanh_one(float x)
{
    const float z = x * x, size = x < 0 ? -x : x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    const float near = p * z * x + x, far = 1.0f - 2.0f / (exp_one(2.0f * size) + 1.0f);
    return size < 0.625f ? near : x < 0 ? -far : far;
}

static void exp_all(float *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = exp_one(in[i]);
}

static void tanh_all(float *out, const float *in, float factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = tanh_one(factor * in[i]);
}

const struct exponential_kernels KERNELS(exponential) = {exp_all, tanh_all};
