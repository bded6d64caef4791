#define WINOGRAD_KERNELS winograd_bf16
#include "num/winograd_body.h"
