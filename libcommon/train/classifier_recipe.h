/* How to train: every number that changes the result, by name as a whole or one by one. */
#ifndef TRAIN_CLASSIFIER_RECIPE_H
#define TRAIN_CLASSIFIER_RECIPE_H
#include "base/setting.h"
#include "train/augment.h"
#include "train/mix.h"
#include "train/rate.h"
#include <stdint.h>

/* Layers whose cells learn labels of their own, and the weights of their losses. */
enum { DENSE_TAPS = 4 };
struct dense_taps {
    size_t n;
    struct {
        char tap[8]; /* "layer2" */
        double weight;
    } at[DENSE_TAPS];
};

struct classifier_recipe {
    const char *name, *arch;
    enum {
        CLASSIFIER_RECIPE_F32,
        CLASSIFIER_RECIPE_BF16,
        CLASSIFIER_RECIPE_AUTO
    } precision;              /* as precision_names; auto until classifier_recipe_finish */
    size_t classes;           /* 0: as many as the held set has */
    size_t batch, accumulate; /* images a forward pass; passes a step */
    /* Micro-batches (train/micro.h) that a batch is split into: each is a forward pass, together they are a step; 1: not. */
    size_t micro;
    bool narrow; /* their gradients' partial sums are rounded to bf16 */
    uint64_t seed;
    struct rate rate; /* rate.steps: of the whole training */
    double warmup;    /* as a fraction of the steps, until classifier_recipe_finish */
    double momentum, decay;
    bool decay_all;   /* also biases and batch norms */
    double smoothing; /* of the labels */
    bool multi;       /* several labels an image: binary cross-entropy */
    size_t layers;    /* stages of the network, whose last one the image's class is told from */
    struct dense_taps dense;
    const char *freeze; /* what stays as it is, as freeze.h reads it; NULL: nothing */
    double average;     /* decay of the weights' moving average; 0: none */
    double keep;        /* share of the weights begun with in those written (train/keep.h) */
    struct augment_options augment;
    struct mix_options mix;
};

/* paper: Ugwu et al. 2024 as in fractal4AD (facts: SGD .1, a tenth at .3 and .6 of the steps, random crops of
 * 224). ofdb: OFDB-4AD (cosine with warm-up, RandomResizedCrop, AutoAugment, erasing, mixup and CutMix).
 * fern: for short trainings on a CPU (128 pixels, resized crops, both flips, colour jitter, cosine). Ended by
 * NULL. */
extern const char *const classifier_recipe_names[];
enum { CLASSIFIER_RECIPE_PAPER, CLASSIFIER_RECIPE_OFDB, CLASSIFIER_RECIPE_FERN };
struct classifier_recipe classifier_recipe_named(size_t name);

/* Turns fractions into steps, when rate.steps is known, and an automatic precision into this CPU's. */
void classifier_recipe_finish(struct classifier_recipe *r);
/* Images in a forward pass. */
size_t classifier_recipe_pass(const struct classifier_recipe *r);
/* Of activations and products. */
enum dtype classifier_recipe_precision(const struct classifier_recipe *r);
/* A recipe's numbers as settings of a struct classifier_recipe (base/setting.h), as --help groups them. */
extern const struct setting classifier_recipe_network[], classifier_recipe_optimiser[],
    classifier_recipe_augmentation[];

/* All of it as one line of key=value, the identity that a checkpoint keeps. free() it. */
char *classifier_recipe_text(const struct classifier_recipe *r);
#endif
