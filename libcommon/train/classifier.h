/* Training a classifier, from an image stream to a weights file. */
#ifndef TRAIN_CLASSIFIER_H
#define TRAIN_CLASSIFIER_H
#include "nn/graph.h"
#include "train/loop.h"
#include "train/classifier_recipe.h"
#include <stdio.h>

struct classifier_options {
    struct classifier_recipe recipe;
    struct loop_options loop;
    size_t epochs;    /* > 0: hold the set and go through it so often; 0: stream recipe.rate.steps batches */
    const char *out;  /* weights */
    const char *taps; /* the layers that the weights recommend to featx, in their metadata */
    bool narrow;      /* write matrices as bf16 */
    const char *init; /* weights to begin with; NULL: random */
    const struct graph *graph; /* a network whose tap "fc" is the logits; NULL: recipe.arch's */
    size_t memory;             /* bytes of images to hold in memory before they are spooled */
};

/* Trains on the images of f (`label` names it in messages), writes o->out and removes the checkpoint. Weights are in
 * torchvision's names, with arch, taps, classes, mean, std, recipe, samples and by in the metadata. o->recipe is completed (steps,
 * classes).
 *
 * Everything but the weights' timing is a function of options and images. What loop.h says of checkpoints, signals and losses
 * that are not finite holds. */
void classifier_train(FILE *f, const char *label, struct classifier_options *o);
#endif
