#include "search/near.h"
#include "num/cpu.h"
#include "search/near_kernel.h"

static void plain(uint64_t *mask, const float *value, const float *limit, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        mask[r] = 0;
        for (size_t j = 0; j < SKETCH_PANEL; j++)
            mask[r] |= (uint64_t)(value[r * SKETCH_PANEL + j] <= limit[r]) << j;
    }
}

const struct near_kernels near_plain = {plain};

void near_masks(uint64_t *mask, const float *value, const float *limit, size_t rows)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &near_plain, [CPU_AVX2] = CPU_X86(near_avx2), [CPU_AVX512] = CPU_X86(near_avx512)};
    const struct near_kernels *kernels = cpu_choose(by_level);
    kernels->masks(mask, value, limit, rows);
}
