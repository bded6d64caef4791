/* The loops of channel.h, once for every kind of CPU; [0] for f32, [1] for bf16. */
#ifndef NUM_CHANNEL_KERNEL_H
#define NUM_CHANNEL_KERNEL_H
#include "num/channel.h"

struct channel_kernels {
    void (*sums)(double *, double *, const void *, size_t, size_t);
    void (*affine)(void *, const void *, const float *, const float *, const void *, bool, size_t, size_t);
    void (*gradient_sums)(double *, double *, void *, bool, const void *, const void *, const void *, size_t,
                          size_t);
    void (*gradient)(void *, const void *, const void *, const void *, const float *, const float *,
                     const float *, size_t, size_t);
    void (*mask)(void *, bool, const void *, const void *, size_t);
    void (*totals)(double *, const void *, size_t, size_t);
    void (*largest)(void *, const void *, size_t);
    void (*largest_gradient)(void *const *, const void *, const void *const *, size_t, size_t);
};

extern const struct channel_kernels channel_plain[2], channel_avx2[2], channel_avx512[2];
#endif
