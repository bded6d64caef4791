/* Batch normalisation in training (Ioffe and Szegedy, ICML 2015; torch.nn.BatchNorm2d), with what follows it
 * in a residual block: the sum with the shortcut and ReLU. In eval mode it folds into the convolution
 * (infer.c). */
#ifndef NN_BATCHNORM_H
#define NN_BATCHNORM_H
#include "nn/view.h"
#include <stdbool.h>

struct batchnorm {
    size_t channels;
    float *weight, *bias;                   /* learnt */
    float *running_mean, *running_var;      /* momentum 0.1, unbiased variance */
    float *weight_gradient, *bias_gradient; /* += */
    float *mean, *inverse;                  /* of the last batch: mean, 1 / sqrt(var + 1e-5) */
};

/* y = relu((x - mean) * inverse * weight + bias + residual), with the batch's own mean and biased variance
 * over N, H, W; moves the running statistics. x, y, residual: N x H x W x C of one type; residual may be
 * NULL. */
void batchnorm_forward(const struct view *y, const struct view *x, const struct view *residual, bool relu,
                       const struct batchnorm *b);
/* From dy to dx and the gradients of weight and bias. y is the forward's output where relu was set, else
 * NULL. When the forward had a residual, its gradient goes to d_residual (+= if accumulate). */
void batchnorm_backward(const struct view *dx, const struct view *d_residual, bool accumulate,
                        const struct view *dy, const struct view *y, const struct view *x,
                        const struct batchnorm *b);
#endif
