#define WINOGRAD_KERNELS winograd_avx512
#include "num/winograd_body.h"
