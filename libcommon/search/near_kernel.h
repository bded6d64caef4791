/* The kernels of near.h, one for each kind of CPU; NULL where it can't be compiled. */
#ifndef SEARCH_NEAR_KERNEL_H
#define SEARCH_NEAR_KERNEL_H
#include "search/near.h"
#include <stddef.h>

typedef uint64_t near_kernel(const float value[64], float limit);

extern near_kernel *const near_kernel_avx2, *const near_kernel_avx512;
#endif
