/* How to train: every number that changes the result, by name as a whole or one by one. */
#ifndef TRAIN_TRAINING_H
#define TRAIN_TRAINING_H
#include "base/setting.h"
#include "train/augment.h"
#include "train/mix.h"
#include "train/rate.h"
#include <stdint.h>

struct training {
    const char *name, *arch;
    enum { TRAIN_F32, TRAIN_BF16, TRAIN_AUTO } precision; /* as precision_names; auto until training_finish */
    size_t classes;                                       /* 0: as many as the held set has */
    size_t batch, accumulate;                             /* images a forward pass; passes a step */
    uint64_t seed;
    struct rate rate; /* rate.steps: of the whole training */
    double warmup;    /* as a fraction of the steps, until training_finish */
    double momentum, decay;
    bool decay_all;   /* also biases and batch norms */
    double smoothing; /* of the labels */
    bool multi;       /* several labels an image: binary cross-entropy */
    double average;   /* decay of the weights' moving average; 0: none */
    struct augment_options augment;
    struct mix_options mix;
};

/* paper: Ugwu et al. 2024 as in fractal4AD (facts: SGD .1, a tenth at .3 and .6 of the steps, random crops of
 * 224). ofdb: OFDB-4AD (cosine with warm-up, RandomResizedCrop, AutoAugment, erasing, mixup and CutMix).
 * fern: for short trainings on a CPU (128 pixels, resized crops, both flips, colour jitter, cosine). Ended by
 * NULL. */
extern const char *const training_names[];
enum { TRAINING_PAPER, TRAINING_OFDB, TRAINING_FERN };
struct training training_named(size_t name);

/* Turns fractions into steps, when rate.steps is known, and an automatic precision into this CPU's. */
void training_finish(struct training *r);
/* Of activations and products. */
enum dtype training_precision(const struct training *r);
/* A recipe's numbers as settings of a struct training (base/setting.h), as --help groups them. */
extern const struct setting training_network[], training_optimiser[], training_augmentation[];

/* All of it as one line of key=value, the identity that a checkpoint keeps. free() it. */
char *training_text(const struct training *r);
#endif
