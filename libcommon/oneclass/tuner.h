/* Weights tuned to one product, from an image stream of normal images to a weights file for featx.
 *
 *     images         stream/image.h     all of one size; kept as bytes, in memory or on disk (train/held_set.h)
 *     network        nn/frozen.h        up to the layer whose mean over all pixels is an image's vector
 *     method         tuner_method.h     what it appends to the network, what it makes of an image, its step:
 *                    tuner_panda.c      (panda.c, fisher.c) vectors around their centre, with --ewc near to the weights that were
 *                    tuner_cutpaste.c   (cutpaste.c, cutpaste_head.c) images that were pasted on told from whole ones
 *     steps          method/fitting.h   epochs in an order by the seed; --minutes, checkpoints, --resume
 *     held images    tuner_held.c       every HELD_EVERY-th: after each epoch their loss, by the weights as featx will use them; the epoch
 *                                       with the lowest is kept
 *     weights        tuner.c            those that learned take their places among the others' */
#ifndef ONECLASS_TUNER_H
#define ONECLASS_TUNER_H
#include "method/fitting.h"
#include "nn/frozen.h"

struct tuner_method;
struct tuner;

struct tuner_options {
    const struct tuner_method *method;
    struct frozen_options net; /* one layer: avgpool, pool:layer3, or layer3, whose mean is taken */
    const char *out;
    const char *frozen; /* beginnings of tensors' names that don't learn, separated by commas; "" for none */
    struct fitting_options fit;
    /* As many epochs as make so many, where fit.epochs is FITTING_AUTO; 0: the method's epochs */
    size_t steps;
    double momentum, decay; /* of SGD */
    double clip;            /* norm that gradients are cut to; 0: not */
    const char *ewc;        /* a stream of labelled images, or NULL */
    double pull;            /* weight of the penalty with ewc */
    size_t ways;            /* of CutPaste: 2, 3 */
    size_t alone;           /* its steps in which only the head learns */
    unsigned precision;     /* an index into precision_names */
    size_t memory;          /* bytes of images to hold in memory before they are spooled */
};

/* NULL where there is none of this name. */
const struct tuner_method *tuner_method(const char *name);

/* Reads the operands one after the other, or stdin, and trains; dies as the stream readers do. recipe: what changes the training beside o's
 * fit, as text; with the images and the weights the identity of a checkpoint. o must last, its epochs are settled. */
struct tuner *tuner_train(struct tuner_options *o, const char *recipe, char *const *files, size_t n);
/* Writes the weights, removes the checkpoint, and frees t. by: this program's entry. */
void tuner_write(struct tuner *t, const char *by);
#endif
