/* The loops of optimiser.c over some parameters, once for every kind of CPU: elementwise and never fused, so all give the same bits. */
#ifndef TRAIN_OPTIMISER_KERNEL_H
#define TRAIN_OPTIMISER_KERNEL_H
#include <stddef.h>

struct optimiser_sgd {
    float momentum, decay, rate;
};

/* One step's Adam: m = beta1 m + rest1 d, v = beta2 v + rest2 d^2 with d = g + decay p; p = keep p - step m / (sqrt(v) / root + epsilon). */
struct optimiser_adam {
    float beta1, rest1, beta2, rest2, decay, keep, step, root, epsilon;
};

/* All arrays are apart. p: values, g: gradients. */
struct optimiser_kernels {
    void (*sgd)(float *p, float *velocity, const float *g, size_t n, const struct optimiser_sgd *o);
    void (*adam)(float *p, float *m, float *v, const float *g, size_t n, const struct optimiser_adam *o);
};

extern const struct optimiser_kernels optimiser_plain, optimiser_avx2, optimiser_avx512;
#endif
