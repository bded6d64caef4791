/* Pooling layers over views. */
#ifndef NN_LAYER_POOL_H
#define NN_LAYER_POOL_H
#include "nn/view.h"

/* Largest value of each kernel x kernel window (kernel at most 8), padded with -infinity
 * (torch.nn.MaxPool2d). out: N x H' x W' x C, in: N x H x W x C, of one type. */
void maxpool_forward(const struct view *out, const struct view *in, size_t kernel, size_t stride,
                     size_t padding);
/* dx = the gradient for in, or += : every window sends dy to its first largest pixel, as torch does. */
void maxpool_backward(const struct view *dx, bool accumulate, const struct view *dy, const struct view *in,
                      size_t kernel, size_t stride, size_t padding);
/* Mean over all pixels. out: N x 1 x 1 x C, f32; in: either type. Rows of dense views are summed as num/channel.h says,
 * and added in double. */
void meanpool_forward(const struct view *out, const struct view *in);
/* dx = dy / pixels, everywhere; dy f32, dx either type. */
void meanpool_backward(const struct view *dx, const struct view *dy);
#endif
