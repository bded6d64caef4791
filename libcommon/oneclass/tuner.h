/* Weights tuned to one product, from an image stream of normal images to a weights file for featx.
 *
 *     images         stream/image.h     all of one size; kept as bytes, in memory or on disk (train/held_set.h)
 *     network        nn/frozen.h        up to the layer whose mean over all pixels is an image's vector
 *     centre         panda.c            of the vectors before any step
 *     importance     fisher.c           with --ewc: of each weight for what the network was trained on
 *     steps          train/loop.h       epochs in an order by the seed; checkpoints, --resume
 *     weights        tuner.c            those that learned take their places among the others' */
#ifndef ONECLASS_TUNER_H
#define ONECLASS_TUNER_H
#include "nn/frozen.h"
#include "oneclass/panda.h"
#include "train/loop.h"

struct tuner_options {
    struct frozen_options net; /* one layer: avgpool, pool:layer3 */
    const char *out;
    const char *frozen; /* beginnings of tensors' names that don't learn, separated by commas; "" for none */
    size_t epochs, batch;
    double rate;
    struct panda_options panda;
    const char *ewc; /* a stream of labelled images, or NULL */
    double pull;     /* weight of the penalty with ewc */
    uint64_t seed;
    unsigned precision; /* an index into precision_names */
    size_t memory;      /* bytes of images to hold in memory before they are spooled */
    struct loop_options loop;
};

/* Reads the operands one after the other, or stdin; dies as the stream readers do. `by` is this program's by= entry, and with the
 * images and the weights the identity of a checkpoint. */
void tuner_run(const struct tuner_options *o, const char *by, char *const *files, size_t n);
#endif
