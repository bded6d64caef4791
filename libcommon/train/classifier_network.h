/* The network that a classifier trains, with its first weights and its optimiser. */
#ifndef TRAIN_CLASSIFIER_NETWORK_H
#define TRAIN_CLASSIFIER_NETWORK_H
#include "train/classifier.h"
#include "train/freeze.h"
#include "train/learner.h"

/* Fills l, which learner_free frees. Its trainer takes passes of classifier_recipe_pass images. Output 0 is "fc", the logits;
 * output i + 1 the head of the i-th layer whose cells learn (recipe.dense). Dies where the options' initial weights don't fit. */
void classifier_network(struct learner *l, const struct classifier_options *o, const struct freeze *freeze);
#endif
