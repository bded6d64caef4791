/* The kernels of near.h, one for each kind of CPU. */
#ifndef SEARCH_NEAR_KERNEL_H
#define SEARCH_NEAR_KERNEL_H
#include "search/near.h"
#include <stddef.h>

struct near_kernels {
    uint64_t (*mask)(const float value[64], float limit);
};

extern const struct near_kernels near_plain, near_avx2, near_avx512;
#endif
