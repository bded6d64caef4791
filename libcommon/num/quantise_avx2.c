#define QUANTISE_KERNELS quantise_avx2
#include "num/quantise_body.h"
