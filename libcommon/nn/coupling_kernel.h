/* The loops of layer_coupling.c over one pixel's channels, once for every kind of CPU. All arrays are f32 and apart. */
#ifndef NN_COUPLING_KERNEL_H
#define NN_COUPLING_KERNEL_H
#include <stddef.h>

/* A pixel's numbers: of all channels, first half before second; of the second half: h the hyperbolic tangents, e = exp(s). */
struct coupling_pixel {
    size_t first, second;
    const float *x, *g, *offset;
    const float *h, *e, *shift; /* shift: a's second half */
    float clamp;
};

struct coupling_kernels {
    /* s = clamp h, n numbers; returns their sum. */
    double (*scale)(float *s, const float *h, float clamp, size_t n);
    /* u = v g + o */
    void (*forward)(float *u, const struct coupling_pixel *p);
    /* du: the gradient of u; d: of the log-determinant. dx of all channels, da of 2 x second; sums: += du v, du of all channels. */
    void (*backward)(float *dx, float *da, double *sums, const float *du, float d,
                     const struct coupling_pixel *p);
};

extern const struct coupling_kernels coupling_plain, coupling_avx2, coupling_avx512;
#endif
