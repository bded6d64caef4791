#include "surface/rows.h"
#include "num/cpu.h"

const struct rows_kernels *rows_kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &rows_plain, [CPU_AVX2] = CPU_X86(rows_avx2), [CPU_AVX512] = CPU_X86(rows_avx512)};
    return cpu_choose(by_level);
}
