#ifdef __AVX2__
#include "num/distance_body.h"

const struct distance_kernels distance_kernels_avx2 = {squared, least};
#else
#include "num/distance_kernel.h"

const struct distance_kernels distance_kernels_avx2 = {NULL, NULL};
#endif
