#ifdef __AVX512F__
#include "num/distance_body.h"

const struct distance_kernels distance_kernels_avx512 = {squared, least};
#else
#include "num/distance_kernel.h"

const struct distance_kernels distance_kernels_avx512 = {NULL, NULL};
#endif
