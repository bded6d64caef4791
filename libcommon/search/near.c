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

const struct near_kernels near_plain = {plain};

uint64_t near_mask(const float value[64], float limit)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &near_plain, [CPU_AVX2] = CPU_X86(near_avx2), [CPU_AVX512] = CPU_X86(near_avx512)};
    const struct near_kernels *kernels = cpu_choose(by_level);
    return kernels->mask(value, limit);
}
