/* What happens to each element on its own. */
#ifndef NN_POINTWISE_H
#define NN_POINTWISE_H
#include "nn/view.h"
#include <stdbool.h>

/* out = relu(in * scale[c] + shift[c] + residual); scale, shift, residual may be NULL, relu false. All views
 * N x H x W x C, with halos of their own; out may be in or residual. */
void pointwise_forward(const struct view *out, const struct view *in, const float *scale, const float *shift,
                       const struct view *residual, bool relu);
#endif
