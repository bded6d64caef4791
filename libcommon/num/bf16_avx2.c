#define BF16_KERNELS bf16_kernels_avx2
#include "num/bf16_body.h"
