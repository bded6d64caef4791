/* The two inner kernels of conv.c, once for every kind of CPU. All versions sum in the same order; AVX
 * versions fuse multiply and add, the plain one does not. */
#ifndef NUM_CONV_KERNEL_H
#define NUM_CONV_KERNEL_H
#include "num/conv.h"

/* Rows of K that are copied together for the gradient: tiles of CONV_ROWS. */
enum { CONV_GRADIENT_DEPTH = 8 * CONV_ROWS };

struct conv_kernels {
    /* CONV_ROWS pixels x one panel: in[r] are their bases, `out[r]` and `residual[r]` (NULL: none) point at
     * the panel's first channel. Stores `rows` rows and `columns` channels. `bias` holds 64 floats or is
     * NULL. */
    void (*tile)(float *const *out, const float *const *in, const float *panel, const float *bias,
                 const float *const *residual, bool relu, size_t rows, size_t columns,
                 const struct conv_walk *walk);
    /* gradient[r * 64 + c] += sum over p < pixels of in[p * CONV_GRADIENT_DEPTH + r] * dy[p * 64 + c] for r <
     * rows (at most CONV_ROWS; the others are read, not stored) and all 64 channels. */
    void (*gradient)(float *gradient, const float *in, const float *dy, size_t pixels, size_t rows);
};

extern const struct conv_kernels conv_kernels_plain, conv_kernels_avx2, conv_kernels_avx512;
#endif
