#include "num/near.h"
#include "num/cpu.h"
#include "num/near_kernel.h"

static void plain(uint64_t mask[NEAR_TILE / 64], const float *x, const float *tile, const float *offset,
                  float limit)
{
    float sum[NEAR_TILE];
    for (size_t j = 0; j < NEAR_TILE; j++)
        sum[j] = offset[j];
    for (size_t k = 0; k < NEAR_DIMS; k++)
        for (size_t j = 0; j < NEAR_TILE; j++)
            sum[j] += x[k] * tile[k * NEAR_TILE + j];
    for (size_t w = 0; w < NEAR_TILE / 64; w++) {
        mask[w] = 0;
        for (size_t j = 0; j < 64; j++)
            mask[w] |= (uint64_t)(sum[w * 64 + j] <= limit) << j;
    }
}

void near_mask(uint64_t mask[NEAR_TILE / 64], const float *x, const float *tile, const float *offset,
               float limit)
{
    if (cpu_level() >= CPU_AVX512 && near_kernel_avx512)
        near_kernel_avx512(mask, x, tile, offset, limit);
    else if (cpu_level() >= CPU_AVX2 && near_kernel_avx2)
        near_kernel_avx2(mask, x, tile, offset, limit);
    else
        plain(mask, x, tile, offset, limit);
}
