/* The epilogue of kernels whose sums lie in memory; those of AVX-512 keep them in registers (conv_store512.h). */
#ifndef CONV_CONV_STORE_H
#define CONV_CONV_STORE_H
#include "conv/conv_kernel.h"

/* The epilogue of `n` sums from channel `at` of row r on. */
static inline void conv_store(const struct conv_tile *t, size_t r, size_t at, const float *sum, size_t n)
{
    const bool narrow = t->walk->out == DT_BF16;
    for (size_t c = 0; c < n; c++) {
        float x = sum[c] + (t->bias ? t->bias[at + c] : 0.0f);
        if (t->residual[r])
            x += narrow ? bf16_to_f32(((const uint16_t *)t->residual[r])[at + c])
                        : ((const float *)t->residual[r])[at + c];
        x = t->relu && !(x > 0.0f) ? 0.0f : x;
        if (narrow)
            ((uint16_t *)t->out[r])[at + c] = f32_to_bf16(x);
        else
            ((float *)t->out[r])[at + c] = x;
    }
}
#endif
