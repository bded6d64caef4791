/* Convolutions in f32 or bf16, NHWC, without materialised im2col.
 *
 * One idea carries all of them: a *walk*. Each output pixel is a row of dot products between stretches of contiguous input (the
 * segments, relative to a base that moves with the pixel) and packed weights. A k x k convolution over an input with a halo of
 * zeros has k segments of k*ci floats; a linear layer has one; the gradient for the input, and transposed convolutions, are walks
 * too (nn/convolution_backward.c derives them). Sums run in the order of the segments, so the bits of an output do not depend on
 * batch, tile or threads.
 *
 * How one convolution comes down, from the graph to the registers:
 *
 *     nn/graph.h          a node: kernel, stride, padding, channels
 *     nn/product.h        the choice: direct, Winograd's way, or 8 bits, whichever is fastest for this shape and CPU
 *     nn/convolution.h    views (pixels with a halo) become a walk: steps and segments, counted in elements
 *     conv/conv.c         the walk becomes tasks: blocks of up to 384 pixels, whose inputs stay in L2, times some panels of weights
 *     conv/conv_kernel.h  a task becomes tiles: 6 pixels (AMX: 32) x one panel of 64 channels
 *     conv/conv_avx2.c    a tile becomes sums in registers: for every k, broadcast the pixels' value, multiply with the panel's row,
 *        and its kin      add; at the end bias, residual and ReLU, and the store (conv_store.h, conv_store512.h)
 *
 * conv/winograd.c stands beside conv.c: it transforms tiles of 6 x 6 pixels, lets the same kernels make 36 products of each, and
 * transforms back. conv/conv_gradient.c and winograd_gradient.c sum over pixels instead of channels.
 *
 * Weights are packed in panels of 64 output channels: packed[(panel * K + k) * 64 + channel % 64], zero where channels run out; k
 * counts along the segments, K = their total length. So they are kept, and so their gradients come, whatever the precision. For
 * bf16, conv_narrow makes of them what this CPU's kernels read.
 *
 * Precision: products of bf16 numbers are exact in f32 and are summed in f32; what is stored as bf16 is rounded once, to nearest
 * even. Sums of 8-bit products are integers. */
#ifndef CONV_CONV_H
#define CONV_CONV_H
#include "base/tensor.h"
#include <stdbool.h>
#include <stddef.h>

enum { CONV_SEGMENTS_MAX = 16, CONV_PANEL = 64 };

struct conv_walk {
    enum dtype in, out;   /* DT_F32, DT_BF16, DT_U8 (in); f32 input has f32 output */
    size_t n, h, w;       /* the grid of output pixels */
    ptrdiff_t in_step[3]; /* elements by which the input base moves with n, h, w */
    ptrdiff_t out_step[3];
    size_t segments;
    struct conv_segment {
        ptrdiff_t offset; /* elements from the base */
        size_t length;    /* elements */
    } segment[CONV_SEGMENTS_MAX];
    size_t channels; /* of the output */
};

/* What happens to a sum before it is stored; NULL and false where not wanted. out = relu(sum + bias[channel]
 * + residual), residual of the output's type with steps of its own; bias holds whole panels. */
struct conv_epilogue {
    const float *scale; /* of u8 input, and only then: the integer sum is multiplied with it first */
    const float *bias;
    const void *residual; /* the base of pixel (0, 0, 0) */
    ptrdiff_t residual_step[3];
    bool relu;
};

/* Total length of the segments. */
size_t conv_depth(const struct conv_walk *walk);
/* Floats of packed weights for this depth and number of channels. */
size_t conv_packed_size(size_t depth, size_t channels);
/* Pairs of the same in bf16, and the conversion; runs on the pool. */
size_t conv_narrow_size(size_t depth, size_t channels);
void conv_narrow(uint32_t *out, const float *packed, size_t depth, size_t channels);

/* Bytes of the same as signed 8-bit numbers for u8 input, and the conversion: weight = scale[channel] *
 * number, scale: whole panels. On the pool. */
size_t conv_bytes_size(size_t depth, size_t channels);
void conv_quantise(int8_t *out, float *scale, const float *packed, size_t depth, size_t channels);

/* out = weights * in along the walk. `in` and `out` point at the bases of pixel (0, 0, 0); packed: f32 panels
 * for f32 input, narrowed ones for bf16, 8-bit ones for u8. Runs on the pool. */
void conv_run(void *out, const void *in, const void *packed, const struct conv_epilogue *epilogue,
              const struct conv_walk *walk);

/* The gradient of the packed weights: gradient[k, channel] += sum over pixels of in[k] *
 * out_gradient[channel], laid out as the packed f32 weights are. in and out_gradient are both f32 or both
 * bf16. Pixels are summed in order. Runs on the pool, split over k and channels. */
void conv_gradient(float *gradient, const void *in, const void *out_gradient, const struct conv_walk *walk);
#endif
