/* Batch normalisation in training (Ioffe and Szegedy, ICML 2015; torch.nn.BatchNorm2d), with what follows it
 * in a residual block: the sum with the shortcut and ReLU. In eval mode it folds into the convolution
 * (infer.c). */
#ifndef NN_LAYER_BATCHNORM_H
#define NN_LAYER_BATCHNORM_H
#include "nn/view.h"
#include <stdbool.h>

struct batchnorm {
    size_t channels;
    float *weight, *bias;                   /* learnt */
    float *running_mean, *running_var;      /* momentum 0.1, unbiased variance */
    float *weight_gradient, *bias_gradient; /* += ; NULL: not wanted */
    float *mean, *inverse;                  /* of the last batch: mean, 1 / sqrt(var + 1e-5) */
    bool fixed;                             /* the running statistics are used, and stay as they are */
};

/* y = relu((x - mean) * inverse * weight + bias + residual), with the batch's own mean and biased variance
 * over N, H, W, and moves the running statistics; or with these where they are fixed. x, y, residual: N x H x W x C of one type; residual may be
 * NULL. */
void batchnorm_forward(const struct view *y, const struct view *x, const struct view *residual, bool relu,
                       const struct batchnorm *b);
/* From dy to dx and the gradients of weight and bias. y is the forward's output where relu was set, else
 * NULL. When the forward had a residual, its gradient goes to d_residual (+= if accumulate). dx, d_residual: NULL where not wanted. */
void batchnorm_backward(const struct view *dx, const struct view *d_residual, bool accumulate,
                        const struct view *dy, const struct view *y, const struct view *x,
                        const struct batchnorm *b);
/* In eval mode it is y = x * scale + shift, of a batch norm's weight, bias, running mean and variance: shift on entry is
 * what was added before it (a convolution's bias), or 0. */
void batchnorm_fold(float *scale, float *shift, float *const part[4], size_t channels);
#endif
