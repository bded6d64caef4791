#include "bulb/estimate.h"
#include "num/cpu.h"

static const struct bulb_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &bulb_plain, [CPU_AVX2] = CPU_X86(bulb_avx2), [CPU_AVX512] = CPU_X86(bulb_avx512)};
    return cpu_choose(by_level);
}

void bulb_estimate(float *distance, const float *x, const float *y, const float *z, size_t n,
                   const struct bulb_map *map)
{
    kernels()->estimate(distance, x, y, z, n, map);
}

void bulb_traps(float *const trap[BULB_TRAPS], const float *x, const float *y, const float *z, size_t n,
                const struct bulb_map *map)
{
    kernels()->traps(trap, x, y, z, n, map);
}
