/* What happens to each element on its own. */
#ifndef NN_LAYER_POINTWISE_H
#define NN_LAYER_POINTWISE_H
#include "nn/view.h"
#include <stdbool.h>

/* out = relu(in * scale[c] + shift[c] + residual); scale, shift, residual may be NULL, relu false. All views
 * N x H x W x C, with halos of their own; out may be in or residual. */
void pointwise_forward(const struct view *out, const struct view *in, const float *scale, const float *shift,
                       const struct view *residual, bool relu);
/* dx = dy where y > 0, or += ; y: the output of the ReLU, NULL where there is none. dx may be dy. */
void pointwise_backward(const struct view *dx, bool accumulate, const struct view *dy, const struct view *y);
#endif
