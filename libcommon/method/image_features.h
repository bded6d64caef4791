/* Features of images, for methods that need the images as well: an image stream (stream/image.h) is read, a frozen network computes its
 * taps, and what comes out is the feature stream that featx would have written of it, with one array more before the taps, `image`: the
 * image as it goes into the network, height x width x 3. So the rest of the frame needn't know: identity, shapes, names, messages are
 * those of feature streams. An image has left before the next one is read. */
#ifndef METHOD_IMAGE_FEATURES_H
#define METHOD_IMAGE_FEATURES_H
#include "base/tensor.h"
#include <stdio.h>

struct image_network {
    const char *weights; /* a file, or random:SEED */
    const char *arch;    /* NULL: as the weights say */
    const char *layers;
    enum dtype precision;
};

/* A stream to be read in place of `images`, which stays the caller's; label names it in messages. misuse() where the network can't be
 * what it is asked to be, die() where its file is broken; reading dies on what image_read dies on. */
FILE *image_features_open(FILE *images, const char *label, const struct image_network *network);
#endif
