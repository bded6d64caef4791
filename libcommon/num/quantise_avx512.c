#define QUANTISE_KERNELS quantise_avx512
#include "num/quantise_body.h"
