/* Batch normalisation's inner loops: rows of pixels, C interleaved channels, a number per channel. All kinds
 * of CPU give the same bits (nothing is fused, sums run over pixels in order in f64).
 *
 * x, y, dy, ...: pixels x C floats. `mask` below is y > 0 where y is given (the output of a ReLU), else
 * everywhere. */
#ifndef NUM_CHANNEL_H
#define NUM_CHANNEL_H
#include <stdbool.h>
#include <stddef.h>

/* sum[c] += x, squares[c] += x^2. */
void channel_sums(double *sum, double *squares, const float *x, size_t pixels, size_t c);
/* out = relu(x * scale + shift + residual); residual may be NULL. */
void channel_affine(float *out, const float *x, const float *scale, const float *shift, const float *residual,
                    bool relu, size_t pixels, size_t c);
/* With dz = dy * mask: sum[c] += dz, product[c] += dz * x. When dz_out is given it gets dz, or += dz if
 * `accumulate`. */
void channel_gradient_sums(double *sum, double *product, float *dz_out, bool accumulate, const float *dy,
                           const float *y, const float *x, size_t pixels, size_t c);
/* dx = a * dz + b * x + d, with dz as above; a, b, d per channel. */
void channel_gradient(float *dx, const float *dy, const float *y, const float *x, const float *a,
                      const float *b, const float *d, size_t pixels, size_t c);
#endif
