/* The kernels of near.h, one for each kind of CPU. */
#ifndef SEARCH_NEAR_KERNEL_H
#define SEARCH_NEAR_KERNEL_H
#include "search/near.h"

struct near_kernels {
    void (*masks)(uint64_t *mask, const float *value, const float *limit, size_t rows);
};

extern const struct near_kernels near_plain, near_avx2, near_avx512;
#endif
