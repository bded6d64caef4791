/* The loops of exponential.h, once for every kind of CPU. */
#ifndef NUM_EXPONENTIAL_KERNEL_H
#define NUM_EXPONENTIAL_KERNEL_H
#include <stddef.h>

struct exponential_kernels {
    void (*exp)(float *out, const float *in, size_t n);
    void (*tanh)(float *out, const float *in, float factor, size_t n);
};

extern const struct exponential_kernels exponential_plain, exponential_avx2, exponential_avx512;
#endif
