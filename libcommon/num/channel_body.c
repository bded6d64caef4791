/* Compiled once for every level (num/level.h): the loops of channel_loops.h for f32 and bf16. */
#include "base/tensor.h"
#include "num/channel_kernel.h"
#include "num/level.h"

#define element float
#define partial double
#define LINE 16
#define VALUE(e) (e)
#define ELEMENT(x) (x)
#define NAME(function) function##_f32
#include "num/channel_loops.h"

#define element uint16_t
#define partial float
#define LINE 32
#define VALUE(e) bf16_to_f32(e)
#define ELEMENT(x) f32_to_bf16(x)
#define NAME(function) function##_bf16
#include "num/channel_loops.h"

const struct channel_kernels KERNELS(channel)[2] = {{sums_f32, affine_f32, gradient_sums_f32, gradient_f32,
                                                     mask_f32, totals_f32, largest_f32, largest_gradient_f32},
                                                    {sums_bf16, affine_bf16, gradient_sums_bf16,
                                                     gradient_bf16, mask_bf16, totals_bf16, largest_bf16,
                                                     largest_gradient_bf16}};
