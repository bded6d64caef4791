/* Training, from an image stream to a weights file. */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H
#include "nn/graph.h"
#include "train/training.h"
#include <stdio.h>

struct fit_options {
    struct training recipe;
    uint64_t epochs;  /* > 0: hold the set and go through it so often; 0: stream recipe.rate.steps batches */
    const char *out;  /* weights */
    const char *init; /* weights to begin with; NULL: random */
    const struct graph *graph; /* a network whose tap "fc" is the logits; NULL: recipe.arch's */
    const char *checkpoint;    /* file, or NULL: none */
    bool resume;               /* from the checkpoint, where there is one */
    uint64_t every;            /* steps between checkpoints; 0: by the clock */
    double minutes;            /* between checkpoints, where `every` is 0 */
    const char *log;           /* TSV, or NULL */
    size_t log_every;          /* steps a row */
    size_t memory;             /* bytes of images to hold in memory before they are spooled */
};

/* Trains on the images of f (`label` names it in messages), writes o->out and removes the checkpoint. Weights
 * are in torchvision's names, with arch, classes, mean, std, recipe, samples and by in the metadata.
 *
 * Everything but the weights' timing is a function of options and images: a run that was interrupted and
 * resumed gives the bytes of one that was not. SIGTERM and SIGINT write a checkpoint, then kill. Dies when a
 * loss is not finite, naming the step; the last checkpoint stays. */
void fit(FILE *f, const char *label, struct fit_options *o);
#endif
