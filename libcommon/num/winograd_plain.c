#define WINOGRAD_KERNELS winograd_plain
#include "num/winograd_body.h"
