/* What augment.c and augment_labels.c draw alike. */
#ifndef TRAIN_AUGMENT_DRAW_H
#define TRAIN_AUGMENT_DRAW_H
#include "train/augment.h"

/* The streams of an image's key. Part of what an image is: never change one. */
enum augment_ingredient {
    DRAW_CROP = 1,
    DRAW_MIRROR,
    DRAW_FLIP,
    DRAW_JITTER,
    DRAW_GREY,
    DRAW_BLUR,
    DRAW_AUTOAUGMENT,
    DRAW_ERASE
};

/* An image's key, and a stream of it. */
uint64_t augment_key(uint64_t seed, uint64_t epoch, uint64_t index);
struct rng augment_draw(uint64_t key, enum augment_ingredient stream);
/* Zeroes a rectangle of image n, by chance. */
void augment_erase(const struct view *out, size_t n, const struct augment_options *o, uint64_t key);
#endif
