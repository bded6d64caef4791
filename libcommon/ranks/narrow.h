/* What travels as bf16 (num/bf16.h) is rounded where it stays, too. */
#ifndef RANKS_NARROW_H
#define RANKS_NARROW_H
#include "base/tensor.h"

/* Each x becomes the bf16 nearest to it. */
static inline void narrow_round(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = bf16_to_f32(f32_to_bf16(x[i]));
}

#endif
