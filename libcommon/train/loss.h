/* Losses over logits, with their gradients. Sums run in f64, image by image. */
#ifndef TRAIN_LOSS_H
#define TRAIN_LOSS_H
#include "nn/view.h"

/* What an image should be: class `a` with weight lambda, class `b` with the rest (mixup, cutmix); lambda 1
 * where not mixed. */
struct loss_target {
    size_t a, b;
    float lambda;
};

struct loss {
    double value;   /* mean over the images */
    size_t correct; /* images whose largest logit is class a (where lambda >= 0.5, else b) */
};

/* Softmax cross-entropy with label smoothing (torch.nn.CrossEntropyLoss): targets (1 - smoothing) * onehot +
 * smoothing / classes. logits, gradient: N x 1 x 1 x classes; the gradient is that of the mean over N, times
 * `scale`. */
struct loss loss_cross_entropy(const struct view *gradient, const struct view *logits,
                               const struct loss_target *target, double smoothing, double scale);

/* Multi-label binary cross-entropy (torch.nn.BCEWithLogitsLoss, mean over N and classes), positives weighted
 * by classes / positives of the image (Anderson and Farrell 2022). positive: N x classes of 0 or 1. An image
 * without positives counts with weight 1. */
struct loss loss_multi_label(const struct view *gradient, const struct view *logits,
                             const unsigned char *positive, double scale);

/* The index of the largest of n numbers, the first of equals. */
size_t loss_largest(const float *x, size_t n);
#endif
