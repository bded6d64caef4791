#include "search/near.h"
#include "num/cpu.h"
#include "search/near_kernel.h"

static uint64_t plain(const float value[64], float limit)
{
    uint64_t mask = 0;
    for (size_t j = 0; j < 64; j++)
        mask |= (uint64_t)(value[j] <= limit) << j;
    return mask;
}

uint64_t near_mask(const float value[64], float limit)
{
    if (cpu_level() >= CPU_AVX512 && near_kernel_avx512)
        return near_kernel_avx512(value, limit);
    if (cpu_level() >= CPU_AVX2 && near_kernel_avx2)
        return near_kernel_avx2(value, limit);
    return plain(value, limit);
}
