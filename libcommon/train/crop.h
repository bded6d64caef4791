/* Where a training image is cut out of a picture. Draws alone; no pixels are touched. */
#ifndef TRAIN_CROP_H
#define TRAIN_CROP_H
#include "base/rng.h"
#include "image/resample.h"

/* Ranges of a rectangle's share of the whole area and of its aspect, log-uniform: width / height. */
struct crop_range {
    double area_min, area_max, aspect_min, aspect_max;
};

/* The largest centred square. */
struct window crop_centre(size_t width, size_t height);

/* torchvision's RandomResizedCrop: ten tries at a rectangle within the picture, then the middle of it, as
 * much as the aspects permit. */
struct window crop_resized(size_t width, size_t height, const struct crop_range *range, struct rng *r);

/* Where a line of `side` pixels starts in one of n, uniform: 0..n - side; where n is smaller, -(side - n)..0,
 * so that the line holds all of it (torchvision's RandomCrop with pad_if_needed). */
ptrdiff_t crop_start(size_t n, size_t side, struct rng *r);

/* One try at a rectangle: sides rounded half to even, as both croppers and erasers of torchvision do. */
void crop_sides(size_t *width, size_t *height, double area, const struct crop_range *range, struct rng *r);
#endif
