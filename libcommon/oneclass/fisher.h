/* How much each parameter of a network matters to what it was trained on: the diagonal of the Fisher information (Kirkpatrick et al.,
 * "Overcoming catastrophic forgetting in neural networks", PNAS 2017), the mean over labelled images of the squared gradient of
 * log p(label | image). */
#ifndef ONECLASS_FISHER_H
#define ONECLASS_FISHER_H
#include "nn/normalise.h"
#include "nn/trainer.h"

struct fisher_plan {
    const char *arch;
    const struct safetensors *weights; /* fc.weight and fc.bias among them; dies where they are missing */
    const char *file;                  /* names them in messages */
    const char *const *frozen;         /* as trainer_plan's */
    const struct normalisation *norm;
    const char *stream; /* of images with label=, all of one size */
};

/* out: laid out as the parameters of `trainer`, which has the same network without its head; 0 for what is frozen. Returns the images. */
size_t fisher_diagonal(float *out, const struct trainer *trainer, const struct fisher_plan *plan);
#endif
