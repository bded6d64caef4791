/* From the samples of an image to the input of a network: (x / maxval - mean) / std per channel. */
#ifndef NN_NORMALISE_H
#define NN_NORMALISE_H
#include "base/raster.h"
#include "nn/view.h"
#include "stream/note.h"
#include <stdbool.h>

struct normalisation {
    double mean[3], std[3]; /* of RGB in [0, 1] */
};

/* ImageNet's, what torchvision's weights were trained with. */
extern const struct normalisation normalisation_imagenet;

/* From the keys mean= and std= ("r,g,b") of weights' metadata; true when both are there. A malformed one:
 * false and a reason in e; an absent one: false and an empty reason. */
bool normalisation_from_note(struct normalisation *out, const struct note *meta, struct err *e);
/* "r,g,b" into three numbers. */
bool normalisation_parse(double out[3], const char *text);

/* Image n of a framed view (h x w x 3, f32 or bf16) from a raster of its size: RGB, or grey for all three;
 * alpha is left out. */
void normalise(const struct view *out, size_t n, const struct raster *in, const struct normalisation *norm);
/* The same of the raster at 1/part of its size, rounded up: each sample is the exact mean of part x part, at the right and lower edge of
 * those that are there. */
void normalise_part(const struct view *out, size_t n, const struct raster *in, size_t part,
                    const struct normalisation *norm);
#endif
