#define BF16_KERNELS bf16_kernels_plain
#include "num/bf16_body.h"
