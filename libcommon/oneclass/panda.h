/* PANDA (Reiss et al., "PANDA: Adapting Pretrained Features for Anomaly Detection and Segmentation", CVPR 2021; methods 9): the last
 * stages of a pre-trained network are tuned until the features of normal images lie close together. A few epochs only, with gradients
 * cut to a small norm, or all would end in one point; or with a pull towards where the weights were, by how much each mattered to the
 * pre-training (elastic weight consolidation). */
#ifndef ONECLASS_PANDA_H
#define ONECLASS_PANDA_H
#include "nn/trainer.h"
#include "train/learner.h"
#include "train/penalty.h"

/* Mean over the images of |f - centre|^2 / d (methods 9), and its gradient (NULL: not wanted). feature, gradient: N x 1 x 1 x d;
 * centre: d. */
double compactness(const struct view *gradient, const struct view *feature, const double *centre);

struct panda_options {
    double momentum, decay;
    double clip; /* norm that gradients are cut to; 0: not */
};

/* A network under tuning. Output 0 of its trainer is the feature. */
struct panda {
    struct learner learner;
    struct penalty penalty; /* n 0: none */
    double *centre;
    double clip;
};

/* Takes the trainer over. The centre is to be made (panda_centre_add) before the first step. */
void panda_init(struct panda *p, struct trainer *trainer, const struct panda_options *o);
/* Adds the features of the first n images of the trainer's input, which is filled, to the centre. */
void panda_centre_add(struct panda *p, size_t n);
/* One step on the images in the trainer's input. The loss; where it is not finite nothing has moved. */
double panda_step(struct panda *p, uint64_t step, double rate);
void panda_free(struct panda *p);
#endif
