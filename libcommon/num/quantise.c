#include "num/quantise.h"
#include "num/cpu.h"
#include "num/quantise_kernel.h"

static const struct quantise_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &quantise_plain,
                                                     [CPU_AVX2] = CPU_X86(quantise_avx2),
                                                     [CPU_AVX512] = CPU_X86(quantise_avx512)};
    return cpu_choose(by_level);
}

float quantise_largest(const uint16_t *x, size_t n)
{
    return kernels()->largest(x, n);
}

void quantise_row(uint8_t *out, const uint16_t *x, float inverse, size_t n)
{
    kernels()->row(out, x, inverse, n);
}
