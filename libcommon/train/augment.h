/* From a picture to an image of a training batch. Every ingredient is an option of its own; they come in this
 * order: crop, mirror, flip, colour jitter, grey, blur, AutoAugment on 8-bit RGB; then normalisation and
 * erasing.
 *
 * An image is a function of (seed, epoch, index) and the picture alone: the same bits for any number of
 * threads and any batching. Each ingredient draws from a stream of its own: switching one off leaves the
 * others' draws. */
#ifndef TRAIN_AUGMENT_H
#define TRAIN_AUGMENT_H
#include "nn/normalise.h"
#include "train/crop.h"
#include "train/jitter.h"

enum augment_crop {
    CROP_CENTRE, /* the largest centred square, resized: no chance */
    CROP_RANDOM, /* size x size anywhere, not resized; a smaller picture is continued */
    CROP_RESIZED /* a rectangle of random area and aspect, resized (torchvision's RandomResizedCrop) */
};

/* How a picture smaller than a CROP_RANDOM is continued. */
enum augment_border { BORDER_BLACK, BORDER_REFLECT };

struct augment_options {
    size_t size; /* of the square image */
    enum augment_crop crop;
    struct crop_range range; /* of CROP_RESIZED */
    enum augment_border border;
    double mirror, flip; /* probabilities of left to right, top to bottom */
    struct colour_jitter jitter;
    double grey; /* probability */
    double blur, sigma_min, sigma_max;
    bool autoaugment; /* the policy for ImageNet */
    double erase;     /* probability */
    struct crop_range erase_range;
    struct normalisation norm;
};

/* The two recipes. paper: fractal4AD, a random crop, mean .2 and std .5. ofdb: OFDB-4AD, RandomResizedCrop,
 * mirror, AutoAugment, erasing, ImageNet's mean and std. All ranges are set to torchvision's defaults in
 * both. */
struct augment_options augment_paper(size_t size);
struct augment_options augment_ofdb(size_t size);

/* What a worker needs for images of this size beside the picture; grows with the largest picture, then no
 * call allocates (but for pictures that are not 8-bit RGB: these are converted first). */
struct augment_workspace;
struct augment_workspace *augment_workspace_new(size_t size);
void augment_workspace_free(struct augment_workspace *w);

/* Image n of a framed view (size x size x 3, as the options and the workspace say). in: any raster.
 * Probabilities are in 0..1; minima at most their maxima; aspects, sigma_min and size above 0. */
void augment_image(const struct view *out, size_t n, const struct raster *in, const struct augment_options *o,
                   uint64_t seed, uint64_t epoch, uint64_t index, struct augment_workspace *w);

/* Where the pixels of that image come from, for planes of labels: in's fourth channel (8 bits) is cropped, mirrored, flipped and
 * erased as its colours are, by the nearest pixel, into image n of a view of size x size x 1, f32; 0 where there is nothing. Not
 * for AutoAugment, which turns and shears. */
void augment_labels(const struct view *out, size_t n, const struct raster *in,
                    const struct augment_options *o, uint64_t seed, uint64_t epoch, uint64_t index);
#endif
