#define QUANTISE_KERNELS quantise_plain
#include "num/quantise_body.h"
