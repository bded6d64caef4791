#include "num/quantise.h"
#include "num/cpu.h"
#include "num/quantise_kernel.h"

static const struct quantise_kernels *kernels(void)
{
#if defined(__x86_64__)
    if (cpu_level() >= CPU_AVX512)
        return &quantise_avx512;
    if (cpu_level() >= CPU_AVX2)
        return &quantise_avx2;
#endif
    return &quantise_plain;
}

float quantise_largest(const uint16_t *x, size_t n)
{
    return kernels()->largest(x, n);
}

void quantise_row(uint8_t *out, const uint16_t *x, float inverse, size_t n)
{
    kernels()->row(out, x, inverse, n);
}
