#define CHANNEL_KERNELS channel_kernels_plain
#include "num/channel_loops.h"
