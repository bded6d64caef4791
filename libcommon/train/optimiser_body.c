/* Compiled once for every level (num/level.h). */
#include "num/level.h"
#include "train/optimiser_kernel.h"
#include <math.h>

static void sgd(float *restrict p, float *restrict velocity, const float *restrict g, size_t n,
                const struct optimiser_sgd *o)
{
    const struct optimiser_sgd k = *o;
    for (size_t i = 0; i < n; i++) {
        velocity[i] = k.momentum * velocity[i] + (g[i] + k.decay * p[i]);
        p[i] -= k.rate * velocity[i];
    }
}

static void adam(float *restrict p, float *restrict m, float *restrict v, const float *restrict g, size_t n,
                 const struct optimiser_adam *o)
{
    const struct optimiser_adam k = *o;
    for (size_t i = 0; i < n; i++) {
        const float x = p[i] * k.keep, d = g[i] + k.decay * p[i];
        m[i] = k.beta1 * m[i] + k.rest1 * d;
        v[i] = k.beta2 * v[i] + k.rest2 * d * d;
        p[i] = x - k.step * m[i] / (sqrtf(v[i]) / k.root + k.epsilon);
    }
}

const struct optimiser_kernels KERNELS(optimiser) = {sgd, adam};
