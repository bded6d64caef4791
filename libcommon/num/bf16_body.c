/* Compiled once for every level (num/level.h); the compiler makes vectors of the loops. */
#include "base/tensor.h"
#include "num/bf16_kernel.h"
#include "num/level.h"

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

static inline __attribute__((always_inline)) void gather_lines(uint32_t *restrict out, size_t width,
                                                               const uint16_t *restrict from,
                                                               const ptrdiff_t *at, size_t rows, size_t n)
{
    size_t p = 0;
    for (; p + 2 <= rows; p += 2, out += width) {
        const uint16_t *a = from + at[p], *b = from + at[p + 1];
        for (size_t i = 0; i < n; i++)
            out[i] = a[i] | (uint32_t)b[i] << 16;
    }
    for (size_t i = 0; p < rows && i < n; i++)
        out[i] = from[at[p] + (ptrdiff_t)i];
}

/* The usual numbers as constants: their loops are straight lines of vectors. */
static void gather_pairs(uint32_t *out, size_t width, const uint16_t *from, const ptrdiff_t *at, size_t rows,
                         size_t n)
{
    if (n == 48)
        gather_lines(out, width, from, at, rows, 48);
    else if (n == 64)
        gather_lines(out, width, from, at, rows, 64);
    else
        gather_lines(out, width, from, at, rows, n);
}

const struct bf16_kernels KERNELS(bf16) = {narrow, widen, pair, gather_pairs};
