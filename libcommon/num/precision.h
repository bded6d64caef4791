/* What this CPU multiplies fastest. */
#ifndef NUM_PRECISION_H
#define NUM_PRECISION_H
#include "base/tensor.h"

/* bf16 where it has instructions for it (AVX512-BF16 or AMX), else f32. */
enum dtype precision_auto(void);
#endif
