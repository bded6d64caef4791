/* Optimisers over the flat arrays of a network's parameters (nn/trainer.h), one optimiser a network:
 *
 *     struct optimiser o;
 *     optimiser_init(&o, &options, values, gradients, stretch, stretches);
 *     optimiser_parts(&o, loop, "student.");
 *     ...gradients are filled...
 *     optimiser_clip(&o, 1);
 *     optimiser_step(&o, step, rate);
 *     optimiser_free(&o);
 *
 * Elementwise and in f32; norms in f64 over fixed chunks: the same bits for any number of threads. */
#ifndef TRAIN_OPTIMISER_H
#define TRAIN_OPTIMISER_H
#include "train/loop.h"
#include <stdbool.h>
#include <stddef.h>

enum optimiser_kind {
    OPTIMISER_SGD, /* torch.optim.SGD without dampening and Nesterov: g += decay * p; v = momentum * v + g; p -= rate * v */
    OPTIMISER_ADAM, /* torch.optim.Adam (Kingma and Ba, ICLR 2015): decay is added to the gradient */
    OPTIMISER_ADAMW /* torch.optim.AdamW (Loshchilov and Hutter, ICLR 2019): p -= rate * decay * p beside the step */
};

struct optimiser_options {
    enum optimiser_kind kind;
    double momentum;              /* SGD */
    double beta1, beta2, epsilon; /* Adam, AdamW: 0.9, 0.999, 1e-8 in torch; epsilon > 0 */
    double average;               /* decay of a moving average of the values; 0: none */
};
extern const struct optimiser_options optimiser_adam; /* with torch's constants */

/* A stretch of the arrays that moves alike. What lies in no stretch never moves. */
struct optimiser_stretch {
    size_t offset, n;
    float decay;
    float rate; /* factor of the step's rate; 0: frozen, nothing moves it, its moments stay */
};

struct optimiser {
    struct optimiser_options o;
    float *values; /* the network's */
    float *gradients;
    size_t n; /* up to the end of the last stretch */
    const struct optimiser_stretch *stretch;
    size_t stretches;
    float *moment[2]; /* SGD: its velocity; Adam: the mean of gradients and of their squares */
    float *average;   /* NULL: none */
};

/* Arrays and stretches stay the caller's and must last. Moments begin as zeros, the average as the values are now. */
void optimiser_init(struct optimiser *s, const struct optimiser_options *o, float *values, float *gradients,
                    const struct optimiser_stretch *stretch, size_t stretches);
/* Names its arrays for checkpoints: PREFIX + velocity; or moment1, moment2; average. */
void optimiser_parts(struct optimiser *s, struct loop *l, const char *prefix);
/* step: 0 for the first (Adam's correction for the zeros that its moments began as). */
void optimiser_step(struct optimiser *s, uint64_t step, double rate);
/* torch.nn.utils.clip_grad_norm_: gradients of all stretches but frozen ones are scaled down to this norm where theirs is
 * larger. Returns what it was. Not finite: they stay. */
double optimiser_clip(struct optimiser *s, double norm);
/* What the network's values are to be in the end: the average, where there is one. */
const float *optimiser_result(const struct optimiser *s);
void optimiser_free(struct optimiser *s);
#endif
