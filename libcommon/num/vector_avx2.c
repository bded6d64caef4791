#if defined(__AVX2__)
#include "num/vector_body.h"

const struct vector_kernels vector_kernels_avx2 = {forward, projection, centre, solve};
#else
#include "num/vector_kernel.h"

const struct vector_kernels vector_kernels_avx2 = {0};
#endif
