#define CHANNEL_KERNELS channel_kernels_avx512
#include "num/channel_loops.h"
