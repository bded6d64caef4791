/* Weights tuned to one product, from an image stream of normal images to a weights file for featx.
 *
 *     images         stream/image.h     all of one size; kept as bytes, in memory or on disk (train/held_set.h)
 *     network        nn/frozen.h        up to the layer whose mean over all pixels is an image's vector
 *     method         tuner_method.h     what it appends to the network, what it makes of an image, its step:
 *                    tuner_panda.c      (panda.c, fisher.c) vectors around their centre, with --ewc near to the weights that were
 *                    tuner_cutpaste.c   (cutpaste.c, cutpaste_head.c) images that were pasted on told from whole ones
 *     steps          train/loop.h       epochs in an order by the seed; checkpoints, --resume
 *     weights        tuner.c            those that learned take their places among the others' */
#ifndef ONECLASS_TUNER_H
#define ONECLASS_TUNER_H
#include "nn/frozen.h"
#include "train/loop.h"

struct tuner_method;

struct tuner_options {
    const struct tuner_method *method;
    struct frozen_options net; /* one layer: avgpool, pool:layer3 */
    const char *out;
    const char *frozen; /* beginnings of tensors' names that don't learn, separated by commas; "" for none */
    size_t epochs, batch;
    double rate, momentum, decay; /* of SGD */
    double clip;                  /* norm that gradients are cut to; 0: not */
    const char *ewc;              /* a stream of labelled images, or NULL */
    double pull;                  /* weight of the penalty with ewc */
    size_t ways;                  /* of CutPaste: 2, 3 */
    size_t alone;                 /* its steps in which only the head learns */
    uint64_t seed;
    unsigned precision; /* an index into precision_names */
    size_t memory;      /* bytes of images to hold in memory before they are spooled */
    struct loop_options loop;
};

/* NULL where there is none of this name. */
const struct tuner_method *tuner_method(const char *name);

/* Reads the operands one after the other, or stdin; dies as the stream readers do. `by` is this program's by= entry, and with the
 * images and the weights the identity of a checkpoint. */
void tuner_run(const struct tuner_options *o, const char *by, char *const *files, size_t n);
#endif
