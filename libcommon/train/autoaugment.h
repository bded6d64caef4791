/* AutoAugment's policy for ImageNet (Cubuk et al., CVPR 2019, appendix) as torchvision applies it: one of 25
 * rows of two operations, each with its probability and level. */
#ifndef TRAIN_AUTOAUGMENT_H
#define TRAIN_AUTOAUGMENT_H
#include "base/raster.h"
#include "base/rng.h"
#include <stdbool.h>

enum autoaugment_op {
    AUTO_SHEAR_X,
    AUTO_ROTATE,
    AUTO_COLOUR,
    AUTO_CONTRAST,
    AUTO_SHARPNESS,
    AUTO_POSTERIZE,
    AUTO_SOLARIZE,
    AUTO_AUTOCONTRAST,
    AUTO_EQUALIZE,
    AUTO_INVERT
};

struct autoaugment_step {
    enum autoaugment_op op;
    double probability;
    int level; /* 0..9 */
};

enum { AUTOAUGMENT_ROWS = 25 };
extern const struct autoaugment_step autoaugment_imagenet[AUTOAUGMENT_ROWS][2];

/* One operation; `negative` matters to the first five alone. The picture is 8-bit RGB; spare has its size,
 * and may change samples with it. */
void autoaugment_apply(struct raster *picture, struct raster *spare, enum autoaugment_op op, int level,
                       bool negative);

/* A row by chance. Always five draws. */
void autoaugment(struct raster *picture, struct raster *spare, struct rng *r);
#endif
