/* Batch normalisation's and pooling's inner loops: rows of pixels, C interleaved channels, a number per
 * channel. All kinds of CPU give the same bits (nothing is fused, sums run over pixels in order in f64;
 * bf16 is computed in f32, of a row summed in f32, and rounded when stored).
 *
 * x, y, dy, ...: pixels x C elements of `type`, DT_F32 or DT_BF16. `mask` below is y > 0 where y is given
 * (the output of a ReLU), else everywhere. */
#ifndef NUM_CHANNEL_H
#define NUM_CHANNEL_H
#include "base/tensor.h"
#include <stdbool.h>
#include <stddef.h>

/* sum[c] += x, squares[c] += x^2. */
void channel_sums(enum dtype type, double *sum, double *squares, const void *x, size_t pixels, size_t c);
/* out = relu(x * scale + shift + residual); residual may be NULL. */
void channel_affine(enum dtype type, void *out, const void *x, const float *scale, const float *shift,
                    const void *residual, bool relu, size_t pixels, size_t c);
/* With dz = dy * mask: sum[c] += dz, product[c] += dz * x. When dz_out is given it gets dz, or += dz if
 * `accumulate`. */
void channel_gradient_sums(enum dtype type, double *sum, double *product, void *dz_out, bool accumulate,
                           const void *dy, const void *y, const void *x, size_t pixels, size_t c);
/* dx = a * dz + b * x + d, with dz as above; a, b, d per channel. */
void channel_gradient(enum dtype type, void *dx, const void *dy, const void *y, const void *x, const float *a,
                      const float *b, const float *d, size_t pixels, size_t c);
/* dx = dy * mask, or += dy * mask if `accumulate`, y given; n elements; dx may be dy. */
void channel_mask(enum dtype type, void *dx, bool accumulate, const void *dy, const void *y, size_t n);
/* sum[c] += x. */
void channel_totals(enum dtype type, double *sum, const void *x, size_t pixels, size_t c);
/* out = the larger of out and in, n elements. */
void channel_largest(enum dtype type, void *out, const void *in, size_t n);
/* dx[t] += dy in those of n channels in which x[t] is the first largest of the x[0 .. taps). */
void channel_largest_gradient(enum dtype type, void *const *dx, const void *dy, const void *const *x,
                              size_t taps, size_t n);
#endif
