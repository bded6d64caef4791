/* Optimisers over flat arrays of parameters. Elementwise and in f32: the same bits for any number of threads.
 */
#ifndef TRAIN_OPTIMISER_H
#define TRAIN_OPTIMISER_H
#include <stdbool.h>
#include <stddef.h>

/* A stretch of the arrays that shares its weight decay. */
struct stretch {
    size_t offset, n;
    float decay;
};

/* SGD with momentum as torch.optim.SGD (no dampening, no Nesterov): g += decay * p; v = momentum * v + g; p
 * -= rate * v. `momentum_buffer` starts as zeros. */
void sgd_step(float *values, float *momentum_buffer, const float *gradients, const struct stretch *stretch,
              size_t stretches, float rate, float momentum);

/* average = decay * average + (1 - decay) * values. */
void average_step(float *average, const float *values, size_t n, float decay);
#endif
