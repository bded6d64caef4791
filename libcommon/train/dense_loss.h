/* A label at every cell of a feature map, from labels at every pixel. */
#ifndef TRAIN_DENSE_LOSS_H
#define TRAIN_DENSE_LOSS_H
#include "nn/view.h"

/* The part of a cell that one class must have, else it teaches nothing. */
#define DENSE_MAJORITY 0.6

struct dense_loss {
    double value; /* mean over the cells that count */
    size_t cells,
        correct; /* how many count; of how many the largest logit is the class that has most of them */
};

/* Softmax cross-entropy of each cell's logits (n x h x w x classes, f32 or bf16) against the shares that classes have in its labelled
 * pixels. labels: n x H x W x 1, f32: class + 1, 0 without a label; cell (y, x) is rows y H / h to (y + 1) H / h, and columns
 * likewise. Cells of which no class has DENSE_MAJORITY of all pixels are left out. gradient: that of the mean, times `scale`.
 * Sums run in f64 in a fixed order: the same bits for any number of threads. */
struct dense_loss loss_dense(const struct view *gradient, const struct view *logits,
                             const struct view *labels, double scale);
#endif
