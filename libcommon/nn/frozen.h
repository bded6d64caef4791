/* A frozen network: what a weights file, or random:SEED, and a few options make of it. */
#ifndef NN_FROZEN_H
#define NN_FROZEN_H
#include "base/raster.h"
#include "nn/frozen_taps.h"
#include "nn/infer.h"
#include "nn/normalise.h"
#include "stream/safetensors.h"

#define FROZEN_LAYERS "layer2,layer3"

/* As the user gave them; NULL: as the weights say. Layers: their metadata's taps=, those that suit them, else FROZEN_LAYERS. */
struct frozen_options {
    const char *weights; /* a file, or random:SEED */
    const char *layers;  /* taps (frozen_taps.h) */
    const char *arch;
    const char *norm; /* imagenet, none, or MEAN/STD */
};

/* What the program calls the options above, for its messages: {"-w", "-l", "-a", "--norm"}. */
struct frozen_names {
    const char *weights, *layers, *arch, *norm;
};

struct frozen {
    const char *file;
    struct graph graph;
    struct safetensors weights;
    char *layers; /* those that were chosen */
    struct frozen_taps taps;
    size_t height, width; /* of the images that it was compiled for */
    struct normalisation norm;
    char identity[300]; /* NAME:HASH, for weights= */
};

/* misuse() where an option is wrong, die() where the file is. */
void frozen_open(struct frozen *net, const struct frozen_options *o, const struct frozen_names *names);
/* Compiles it for images of one size, n at once, and lets go of the weights. */
struct infer *frozen_compile(struct frozen *net, size_t n, size_t h, size_t w, enum dtype precision);
/* An image of that size becomes image `image` of the batch that x runs next: all inputs of the network, normalised. */
void frozen_take(const struct frozen *net, const struct infer *x, size_t image, const struct raster *r);
void frozen_free(struct frozen *net);
#endif
