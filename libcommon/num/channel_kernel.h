/* The loops of channel.h, once for every kind of CPU. */
#ifndef NUM_CHANNEL_KERNEL_H
#define NUM_CHANNEL_KERNEL_H
#include "num/channel.h"

struct channel_kernels {
    void (*sums)(double *, double *, const float *, size_t, size_t);
    void (*affine)(float *, const float *, const float *, const float *, const float *, bool, size_t, size_t);
    void (*gradient_sums)(double *, double *, float *, bool, const float *, const float *, const float *,
                          size_t, size_t);
    void (*gradient)(float *, const float *, const float *, const float *, const float *, const float *,
                     const float *, size_t, size_t);
};

extern const struct channel_kernels channel_kernels_plain, channel_kernels_avx2, channel_kernels_avx512;
#endif
