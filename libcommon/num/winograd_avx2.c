#define WINOGRAD_KERNELS winograd_avx2
#include "num/winograd_body.h"
