#define CHANNEL_KERNELS channel_kernels_avx2
#include "num/channel_loops.h"
