/* The kernels of near.h, one for each kind of CPU; NULL where it can't be compiled. */
#ifndef NUM_NEAR_KERNEL_H
#define NUM_NEAR_KERNEL_H
#include "num/near.h"

typedef void near_kernel(uint64_t mask[NEAR_TILE / 64], const float *x, const float *tile,
                         const float *offset, float limit);

extern near_kernel *const near_kernel_avx2, *const near_kernel_avx512;
#endif
