/* CutPaste's network: behind the vector of an image a head of two hidden layers (512 and 128 wide, each linear, batch norm, ReLU)
 * that tells images that were pasted on from whole ones. The head learns alone for the first steps, then all does. */
#ifndef ONECLASS_CUTPASTE_HEAD_H
#define ONECLASS_CUTPASTE_HEAD_H
#include "nn/trainer.h"
#include "train/learner.h"
#include "train/loss.h"

/* What the names of all tensors of the head begin with. */
#define CUTPASTE_HEAD "cutpaste."

/* Appends the head to node x, a vector an image; the node of the logits. ways: classes, 2 or 3. */
size_t cutpaste_head(struct graph *g, size_t x, size_t ways);

struct cutpaste_options {
    double momentum, decay;
    double clip;  /* norm that gradients are cut to; 0: not */
    size_t ways;  /* image i of a batch is of class i % ways */
    size_t alone; /* steps in which only the head learns */
};

struct cutpaste {
    struct learner learner;
    struct cutpaste_options o;
    struct loss_target *target; /* of each image of a batch */
};

/* Takes the trainer over; its output 0 is the logits. */
void cutpaste_init(struct cutpaste *c, struct trainer *trainer, const struct cutpaste_options *o);
/* One step on the images in the trainer's input. The loss; where it is not finite no parameter has moved. */
double cutpaste_step(struct cutpaste *c, uint64_t step, double rate);
/* The mean loss of logits, image i of class i % ways; nothing learns. */
double cutpaste_mean_loss(const struct view *logits, size_t ways);
void cutpaste_free(struct cutpaste *c);
#endif
