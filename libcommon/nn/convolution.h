/* The convolution layer over views: forward, and the walks of conv/conv.h that it takes. Square kernels, zero
 * padding, as torch.nn.Conv2d without dilation and groups. A linear layer is a 1 x 1 convolution of a 1 x 1
 * image. */
#ifndef NN_CONVOLUTION_H
#define NN_CONVOLUTION_H
#include "nn/view.h"
#include "conv/conv.h"
#include <stdbool.h>

struct convolution {
    size_t in_channels, out_channels;
    size_t kernel, stride, padding;
};

/* The output's side for an input's side. */
size_t convolution_side(const struct convolution *c, size_t side);
/* Depth K of the packed weights: kernel * kernel * in_channels. */
size_t convolution_depth(const struct convolution *c);

/* Weights as torch keeps them (out x in x kernel x kernel) into panels and back; and panels of this depth times a number
 * for each output channel. */
void convolution_pack(float *packed, const float *weight, const struct convolution *c);
void convolution_unpack(float *weight, const float *packed, const struct convolution *c);
void convolution_scale(float *packed, const float *scale, size_t depth, size_t channels);

/* The segments of a walk that reads rows x columns pixels of a view from each base: a row is contiguous in a framed dense
 * image, and one segment; where it is not dense, each pixel is one. At most CONV_SEGMENTS_MAX. */
void convolution_segments(struct conv_walk *walk, const struct view *in, size_t rows, size_t columns);
/* Whether it reads, and sends gradients to, views that are not dense. */
static inline bool convolution_strided(const struct convolution *c)
{
    return c->kernel * c->kernel <= CONV_SEGMENTS_MAX;
}

/* The walk from in (or its gradient's partner) to out; its base in `in` is pixel (-padding, -padding). */
struct conv_walk convolution_walk(const struct view *out, const struct view *in, const struct convolution *c);

/* What follows the sums; NULL and false where not wanted: relu(sum + bias[channel] + residual). */
struct convolution_epilogue {
    const float *bias;           /* whole panels */
    const struct view *residual; /* shaped as out is, of its type, with any halo */
    bool relu;
};

/* The same for a walk. */
struct conv_epilogue convolution_walk_epilogue(const struct convolution_epilogue *epilogue);

/* out: N x H' x W' x out_channels; in: N x H x W x in_channels with a halo of at least `padding`; packed as
 * conv/conv.h wants it for in's type. The halo of out is left alone. */
void convolution_forward(const struct view *out, const struct view *in, const void *packed,
                         const struct convolution_epilogue *epilogue, const struct convolution *c);

/* The same for u8 input and 8-bit weights: scale as struct conv_epilogue has it. */
void convolution_forward_scaled(const struct view *out, const struct view *in, const void *packed,
                                const struct convolution_epilogue *epilogue, const float *scale,
                                const struct convolution *c);

/* Halo that a view of output gradients needs for convolution_backward_data. */
size_t convolution_gradient_halo(const struct convolution *c);
/* Floats of the weights packed for it, and the packing (from the forward's panels; runs on the pool). */
size_t convolution_turned_size(const struct convolution *c);
void convolution_turn(float *turned, const float *packed, const struct convolution *c);
/* The same for bf16: pairs, and the conversion of what convolution_turn gave. */
size_t convolution_turned_narrow_size(const struct convolution *c);
void convolution_narrow_turned(uint32_t *narrow, const float *turned, const struct convolution *c);
/* dx: N x H x W x in_channels; dy: N x H' x W' x out_channels with that halo, zeroed; turned: for dy's type.
 * accumulate: dx += instead of =. */
void convolution_backward_data(const struct view *dx, const struct view *dy, const void *turned,
                               bool accumulate, const struct convolution *c);
/* The same with an epilogue: dx = relu(what dy sends + bias + residual). It is the transposed convolution. */
void convolution_spread(const struct view *dx, const struct view *dy, const void *turned,
                        const struct convolution_epilogue *epilogue, const struct convolution *c);
/* For stride 1 the gradient of the input is a convolution itself, of dy with the turned weights: this one. */
struct convolution convolution_adjoint(const struct convolution *c);
/* gradient += that of the packed weights. x as in the forward, with its halo. */
void convolution_backward_weights(float *gradient, const struct view *x, const struct view *dy,
                                  const struct convolution *c);

/* The definition, from torch's weights, for tests; in f64. */
void convolution_forward_naive(const struct view *out, const struct view *in, const float *weight,
                               const struct convolution *c);
#endif
