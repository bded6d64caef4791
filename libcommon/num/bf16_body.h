/* Included by bf16_plain.c, bf16_avx2.c and bf16_avx512.c, which name BF16_KERNELS; the compiler makes
 * vectors of the loops. */
#include "base/tensor.h"
#include "num/bf16_kernel.h"

static void narrow(uint16_t *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f32_to_bf16(in[i]);
}

static void widen(float *restrict out, const uint16_t *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = bf16_to_f32(in[i]);
}

static void pair(uint32_t *restrict out, const float *restrict even, const float *restrict odd, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f32_to_bf16(even[i]) | (uint32_t)f32_to_bf16(odd[i]) << 16;
}

const struct bf16_kernels BF16_KERNELS = {narrow, widen, pair};
