/* The loops of bf16.h, once for every kind of CPU. */
#ifndef NUM_BF16_KERNEL_H
#define NUM_BF16_KERNEL_H
#include "num/bf16.h"

struct bf16_kernels {
    void (*narrow)(uint16_t *, const float *, size_t);
    void (*widen)(float *, const uint16_t *, size_t);
    void (*pair)(uint32_t *, const float *, const float *, size_t);
    void (*gather_pairs)(uint32_t *, size_t, const uint16_t *, const ptrdiff_t *, size_t, size_t);
};

extern const struct bf16_kernels bf16_plain, bf16_avx2, bf16_avx512;
#endif
