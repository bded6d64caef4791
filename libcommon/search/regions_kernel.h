/* The kernel of regions.h, one for each kind of CPU. */
#ifndef SEARCH_REGIONS_KERNEL_H
#define SEARCH_REGIONS_KERNEL_H
#include "search/regions.h"

struct regions_kernels {
    void (*distance)(float squared[REGION_QUERIES], const float *low, const float *high, const float *query);
};

extern const struct regions_kernels regions_plain, regions_avx2, regions_avx512;
#endif
