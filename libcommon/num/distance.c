#include "num/distance.h"
#include "num/cpu.h"
#include "num/distance_kernel.h"

static const struct distance_kernels *kernels(void)
{
    if (cpu_level() >= CPU_AVX512 && distance_kernels_avx512.squared)
        return &distance_kernels_avx512;
    if (cpu_level() >= CPU_AVX2 && distance_kernels_avx2.squared)
        return &distance_kernels_avx2;
    return &distance_kernels_plain;
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
