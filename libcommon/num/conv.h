/* Convolutions in f32, NHWC, without materialised im2col.
 *
 * One idea carries all of them: a *walk*. Each output pixel is a row of dot products between stretches of
 * contiguous input (the segments, relative to a base that moves with the pixel) and packed weights. A k x k
 * convolution over an input with a halo of zeros has k segments of k*ci floats; a linear layer has one; the
 * gradient for the input, and transposed convolutions, are walks too (nn/convolution.c derives them). Sums
 * run in the order of the segments, so the bits of an output do not depend on batch, tile or threads.
 *
 * Weights are packed in panels of 64 output channels: packed[(panel * K + k) * 64 + channel % 64], zero where
 * channels run out; k counts along the segments, K = their total length. */
#ifndef NUM_CONV_H
#define NUM_CONV_H
#include <stdbool.h>
#include <stddef.h>

enum { CONV_SEGMENTS_MAX = 16, CONV_PANEL = 64, CONV_ROWS = 6 };

struct conv_walk {
    size_t n, h, w;       /* the grid of output pixels */
    ptrdiff_t in_step[3]; /* floats by which the input base moves with n, h, w */
    ptrdiff_t out_step[3];
    size_t segments;
    struct conv_segment {
        ptrdiff_t offset; /* floats from the base */
        size_t length;    /* floats */
    } segment[CONV_SEGMENTS_MAX];
    size_t channels; /* of the output */
};

/* What happens to a sum before it is stored; NULL and false where not wanted. out = relu(sum + bias[channel]
 * + residual), residual laid out as the output is. */
struct conv_epilogue {
    const float *bias;
    const float *residual;
    bool relu;
};

/* Total length of the segments. */
size_t conv_depth(const struct conv_walk *walk);
/* Floats of packed weights for this depth and number of channels. */
size_t conv_packed_size(size_t depth, size_t channels);

/* out = weights * in along the walk. `in` and `out` point at the bases of pixel (0, 0, 0). Runs on the pool.
 */
void conv_run(float *out, const float *in, const float *packed, const struct conv_epilogue *epilogue,
              const struct conv_walk *walk);
/* The gradient of the packed weights: gradient[k, channel] += sum over pixels of in[k] *
 * out_gradient[channel], laid out as the packed weights are. Pixels are summed in order. Runs on the pool,
 * split over k and channels. */
void conv_gradient(float *gradient, const float *in, const float *out_gradient, const struct conv_walk *walk);
#endif
