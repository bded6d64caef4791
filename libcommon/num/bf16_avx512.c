#define BF16_KERNELS bf16_kernels_avx512
#include "num/bf16_body.h"
