/* What a training keeps of the weights that it began with: of each tensor that they have in the same shape, running statistics too,
 * share times theirs and 1 - share times what was learnt. Two trainings, one of which began with the other, lie in one valley; what
 * lies between them does better on images unlike those learnt from (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR
 * 2022, section 3, "WiSE-FT"). */
#ifndef TRAIN_KEEP_H
#define TRAIN_KEEP_H
#include "stream/safetensors.h"

/* learnt: of f32, as learner_export has them; others stay as they are. share: 0 to 1. */
void keep_share(struct safetensors *learnt, const struct safetensors *begun, double share);
#endif
