#include "search/near.h"
#include "num/cpu.h"
#include "search/near_kernel.h"

static void plain(uint64_t *mask, int32_t *value, const int16_t *const *row, const int32_t *limit,
                  size_t rows, const int16_t *panel, const int32_t *offset)
{
    for (size_t r = 0; r < rows; r++, value += SKETCH_PANEL) {
        memcpy(value, offset, SKETCH_PANEL * sizeof *value);
        for (size_t k = 0; k < SKETCH_DIMS; k++)
            for (size_t j = 0; j < SKETCH_PANEL; j++)
                value[j] -= row[r][k] * panel[sketch_place(k, j)];
        mask[r] = 0;
        for (size_t j = 0; j < SKETCH_PANEL; j++)
            mask[r] |= (uint64_t)(value[j] <= limit[r]) << j;
    }
}

const struct near_kernels near_plain = {plain};

void near_panel(uint64_t *mask, int32_t *value, const int16_t *const *row, const int32_t *limit, size_t rows,
                const int16_t *panel, const int32_t *offset)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &near_plain, [CPU_AVX2] = CPU_X86(near_avx2), [CPU_AVX512] = CPU_X86(near_avx512)};
    const struct near_kernels *kernels = cpu_choose(by_level);
    kernels->panel(mask, value, row, limit, rows, panel, offset);
}
