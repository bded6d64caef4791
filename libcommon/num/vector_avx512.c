#if defined(__AVX512F__)
#include "num/vector_body.h"

const struct vector_kernels vector_kernels_avx512 = {forward, projection, centre, solve};
#else
#include "num/vector_kernel.h"

const struct vector_kernels vector_kernels_avx512 = {0};
#endif
