/* A pull towards where the parameters were: elastic weight consolidation (Kirkpatrick et al., PNAS 2017), as PANDA uses it. */
#ifndef TRAIN_PENALTY_H
#define TRAIN_PENALTY_H
#include <stddef.h>

/* n parameters, flat as nn/trainer.h has them: where they began, and how much each matters (the diagonal of the Fisher
 * information; it may be NULL: all alike, 1). Padding has importance 0 or stays where it began. */
struct penalty {
    const float *anchor, *importance;
    size_t n;
    double weight;
};

/* weight / 2 * sum of importance * (value - anchor)^2; its gradient is added to `gradients`. Elementwise in f32, the sum in
 * f64 over fixed chunks: the same bits for any number of threads. */
double penalty_add(float *gradients, const float *values, const struct penalty *p);
#endif
