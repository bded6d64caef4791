#include "num/bf16.h"
#include "num/bf16_kernel.h"
#include "num/cpu.h"

static const struct bf16_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &bf16_plain, [CPU_AVX2] = CPU_X86(bf16_avx2), [CPU_AVX512] = CPU_X86(bf16_avx512)};
    return cpu_choose(by_level);
}

void bf16_narrow(uint16_t *out, const float *in, size_t n)
{
    kernels()->narrow(out, in, n);
}

void bf16_widen(float *out, const uint16_t *in, size_t n)
{
    kernels()->widen(out, in, n);
}

void bf16_pair(uint32_t *out, const float *even, const float *odd, size_t n)
{
    kernels()->pair(out, even, odd, n);
}

void bf16_gather_pairs(uint32_t *out, size_t width, const uint16_t *from, const ptrdiff_t *at, size_t rows,
                       size_t n)
{
    kernels()->gather_pairs(out, width, from, at, rows, n);
}
