/* What FastFlow and CFLOW-AD share: normalising flows that turn the features of normal images into standard normal numbers, each tap's
 * by a flow of its own, of blocks as nn/coupling.h has them. What they don't share is behind a struct flow_kind, one file or two each.
 *
 * A fit: the frame's begin and take (detector.c) spool the taps (method/fitting.h); end makes a learner, whose step and look the fitting
 * calls; what it learnt is given into a safetensors; from that, or from a file, comes a scorer. */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H
#include "method/detector.h"
#include "method/fitting.h"
#include "nn/view.h"
#include "stream/safetensors.h"

enum { FLOW_BLOCKS_MAX = 64 };
enum flow_kernels { FLOW_ALTERNATE, FLOW_3X3 };

struct flow_options {
    struct fitting_options fit;
    enum flow_method { FLOW_FASTFLOW, FLOW_CFLOW } method;
    size_t blocks; /* of each tap's flow */
    double clamp;  /* of the blocks: s is in (-clamp, clamp) */
    /* Of what comes in, and of the subnets; what goes from block to block is f32. Of precision_choice (nn/precision_option.h). */
    unsigned precision;
    double decay;
    /* FastFlow's subnets: two convolutions, 3 x 3 in the first block, 1 x 1 in the second, and so on, or all 3 x 3; how many channels
     * are between the two for each that comes in. */
    enum flow_kernels kernels;
    double hidden;
    /* CFLOW-AD's steps: vectors of each; numbers that say where a vector is; how its blocks mix their channels in the end: they change
     * places, or are multiplied by an orthogonal matrix as well. */
    size_t fibre, condition;
    enum flow_mix { FLOW_PERMUTATION, FLOW_ORTHOGONAL } mix;
    struct map_options map;
};

/* The taps that a model is for. */
struct flow_shapes {
    size_t taps, height[TAPS_MAX], width[TAPS_MAX], channels[TAPS_MAX];
};
/* Dies where a tap can't be halved. */
struct flow_shapes flow_shapes_of(const struct taps *t);
bool flow_fits(const struct flow_shapes *s, const struct taps *t, struct err *e);
/* From a model's tensors tap1.NAME, tap2.NAME, ...: C x H x W. Dies with path where the first is missing, or one is of another rank. */
struct flow_shapes flow_shapes_in(const struct safetensors *st, const char *path, const char *name);

/* The same as a tensor "taps", (taps, 3): height, width, channels. */
struct flow_shapes flow_taps_in(const struct safetensors *st, const char *path);
void flow_give_taps(struct safetensors *st, const struct flow_shapes *s);
/* Room for a map, where there is less. */
void flow_need_pixels(float **map, size_t *room, size_t pixels);

/* Half the sum of the squares of the first n images of z, in f64, the same bits for any number of threads. gradient, where it is not
 * NULL: z times scale, zero for the images behind. */
double flow_half_squares(const struct view *gradient, const struct view *z, size_t n, double scale);

/* A learner of its own, made of random weights by o->fit.seed; what it changes are parts of f. */
struct flow_learning {
    void *(*begin)(struct fitting *f, struct tap_store *held, const struct flow_options *o,
                   const struct flow_shapes *s);
    double (*step)(void *learner, const struct fitting_step *s);
    struct fitting_held (*look)(void *learner);
    void (*give)(const void *learner, struct safetensors *st);
    void (*end)(void *learner);
};

/* What makes maps. */
struct flow_scoring {
    /* Reads the tensors of st; path for messages. */
    void *(*begin)(const struct safetensors *st, const char *path, const struct flow_options *o);
    const struct flow_shapes *(*shapes)(const void *scorer);
    /* An image's map, size.height x size.width. */
    void (*map)(void *scorer, float *map, struct map_size size, const struct taps *image);
    void (*end)(void *scorer);
};

struct flow_kind {
    const struct flow_learning *learning;
    const struct flow_scoring *scoring;
};
#endif
