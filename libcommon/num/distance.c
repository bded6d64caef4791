#include "num/distance.h"
#include "num/cpu.h"
#include "num/distance_kernel.h"

static const struct distance_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &distance_plain,
                                                     [CPU_AVX2] = CPU_X86(distance_avx2),
                                                     [CPU_AVX512] = CPU_X86(distance_avx512)};
    return cpu_choose(by_level);
}

size_t distance_padded(size_t n)
{
    return (n + DISTANCE_LANES - 1) / DISTANCE_LANES * DISTANCE_LANES;
}

float distance_squared(const float *a, const float *b, size_t n)
{
    return kernels()->squared(a, b, n);
}

float distance_least(float bound, const float *x, const float *rows, size_t count, size_t n)
{
    return kernels()->least(bound, x, rows, count, n);
}
