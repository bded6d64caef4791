#include "num/exponential.h"
#include "num/cpu.h"
#include "num/exponential_kernel.h"

static const struct exponential_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &exponential_plain,
                                                     [CPU_AVX2] = CPU_X86(exponential_avx2),
                                                     [CPU_AVX512] = CPU_X86(exponential_avx512)};
    return cpu_choose(by_level);
}

void exponential(float *out, const float *in, size_t n)
{
    kernels()->exp(out, in, n);
}

void exponential_tanh(float *out, const float *in, float factor, size_t n)
{
    kernels()->tanh(out, in, factor, n);
}
