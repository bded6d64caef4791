/* Compiled once for every level (num/level.h); the compiler makes vectors of the loops. */
#include "base/tensor.h"
#include "num/level.h"
#include "num/quantise_kernel.h"

/* Numbers of bf16 that are not negative order as their bits do. */
static float largest(const uint16_t *x, size_t n)
{
    int16_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = (int16_t)x[i] > most ? (int16_t)x[i] : most;
    return bf16_to_f32((uint16_t)most);
}

/* Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits. */
static void row(uint8_t *restrict out, const uint16_t *restrict x, float inverse, size_t n)
{
    const float magic = 12582912.0f;
    for (size_t i = 0; i < n; i++) {
        float v = bf16_to_f32(x[i]) * inverse;
        v = v > 0.0f ? v : 0.0f;
        v = (v < 255.0f ? v : 255.0f) + magic;
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        out[i] = (uint8_t)bits;
    }
}

const struct quantise_kernels KERNELS(quantise) = {largest, row};
