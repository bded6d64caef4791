/* The loops of quantise.h, once for every kind of CPU. */
#ifndef NUM_QUANTISE_KERNEL_H
#define NUM_QUANTISE_KERNEL_H
#include "num/quantise.h"

struct quantise_kernels {
    float (*largest)(const uint16_t *x, size_t n);
    void (*row)(uint8_t *out, const uint16_t *x, float inverse, size_t n);
};

extern const struct quantise_kernels quantise_plain, quantise_avx2, quantise_avx512;
#endif
