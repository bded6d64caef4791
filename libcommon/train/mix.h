/* Mixing the images of a batch with one another: mixup (Zhang et al., ICLR 2018) and CutMix (Yun et al., ICCV
 * 2019), as OFDB-4AD does: one draw of kind, lambda, box and partners for the whole batch. */
#ifndef TRAIN_MIX_H
#define TRAIN_MIX_H
#include "train/loss.h"
#include <stdint.h>

struct mix_options {
    double probability;               /* that a batch is mixed at all */
    double cutmix;                    /* that it is then cut, not blended */
    double mixup_alpha, cutmix_alpha; /* lambda ~ Beta(alpha, alpha), > 0 */
};

/* OFDB-4AD: .8, .5, 1, 1. */
extern const struct mix_options mix_ofdb;

/* In place. Image i keeps the part lambda of itself and gets the rest from a partner: by weight (mixup), or a
 * box of trunc(side * sqrt(1 - lambda)) about a uniform centre, cut off at the border, lambda then the area
 * that is really left (cutmix). Partners are a random permutation of the batch. target: of the plain images;
 * `b` and `lambda` are set, also where nothing is mixed (b = a, lambda 1). A function of (seed, step); the
 * same bits for any number of threads. */
void mix_batch(const struct view *batch, struct loss_target *target, const struct mix_options *o,
               uint64_t seed, uint64_t step);
/* What the same call does to planes of labels (augment.h), one channel: a box moves along, what is blended has no label. */
void mix_labels(const struct view *labels, const struct mix_options *o, uint64_t seed, uint64_t step);
#endif
