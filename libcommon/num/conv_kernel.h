/* The two inner kernels of conv.c, once for every kind of CPU. All versions sum in the same order; AVX
 * versions fuse multiply and add, the plain one does not. */
#ifndef NUM_CONV_KERNEL_H
#define NUM_CONV_KERNEL_H
#include "num/conv.h"

struct conv_kernels {
    /* CONV_ROWS pixels x one panel: in[r] are their bases, `out[r]` and `residual[r]` (NULL: none) point at
     * the panel's first channel. Stores `rows` rows and `columns` channels. `bias` holds 64 floats or is
     * NULL. */
    void (*tile)(float *const *out, const float *const *in, const float *panel, const float *bias,
                 const float *const *residual, bool relu, size_t rows, size_t columns,
                 const struct conv_walk *walk);
    /* gradient[r * 64 + c] += sum over p < pixels of (in + in_at[p])[r] * (dy + dy_at[p])[c] for r < rows (at
     * most CONV_ROWS), c < columns. */
    void (*gradient)(float *gradient, const float *in, const ptrdiff_t *in_at, const float *dy,
                     const ptrdiff_t *dy_at, size_t pixels, size_t rows, size_t columns);
};

extern const struct conv_kernels conv_kernels_plain, conv_kernels_avx2, conv_kernels_avx512;
#endif
