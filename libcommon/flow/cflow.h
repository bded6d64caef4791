/* CFLOW-AD: Gudovskiy, Ishizaka and Kozuka, "CFLOW-AD: Real-Time Unsupervised Anomaly Detection with Localization via Conditional
 * Normalizing Flows", WACV 2022 (methods 8). Every position of a tap is a sample: its vector of C features, and a code of where it is,
 * which the subnets see beside the vector's first half. The subnets are two linear layers with twice as many numbers between them as
 * come in; blocks are as nn/coupling.h has them.
 *
 * With z what comes out of a vector: l = (-C ln(2 pi) / 2 - |z|^2 / 2 + ln |determinant|) / C; the loss is the mean of -ln sigmoid(l).
 * The map: of each tap 1 - exp(l - peak), where `peak` is the largest l of the held images and 0 what is even likelier, enlarged
 * (align_corners); their sum. */
#ifndef FLOW_CFLOW_H
#define FLOW_CFLOW_H
#include "flow/flow.h"
#include "train/learner.h"

enum { CFLOW_CONDITION_MAX = 4096 };

/* One tap's flow. Input 0: vectors of `channels`; input 1: their codes; all as images of 1 x 1. Returns the node of what comes out. */
size_t cflow_graph(struct graph *g, size_t tap, size_t channels, const struct flow_options *o);
/* The first weights of a tap, by seed: as the layers draw them, but rotations, whose rows are orthonormal. */
void cflow_draw(struct safetensors *st, size_t tap, size_t channels, const struct flow_options *o);
/* The codes of all positions, row by row, n numbers each, n a multiple of 4: sines and cosines of x, then of y, by frequencies from 1 to
 * near 1e-4. free() them. */
float *cflow_codes(size_t height, size_t width, size_t n);
/* l of one vector. */
double cflow_likelihood(const float *z, size_t channels, double log_determinant);

struct cflow_learner {
    struct flow_shapes shapes;
    size_t fibre, condition; /* vectors of a step, numbers of a code */
    struct graph graph[TAPS_MAX];
    struct learner net[TAPS_MAX];
    float *vectors;      /* of a step's images, tap after tap, image after image */
    size_t at[TAPS_MAX]; /* where a tap's begin */
    size_t *order;       /* of the vectors of a tap */
    float *code[TAPS_MAX];
    float peak[TAPS_MAX];
    uint64_t seed;
    struct fitting *f; /* as FastFlow's */
    struct tap_store *held;
};
/* weights: the first ones of all taps; images: of a step. */
void cflow_begin(struct cflow_learner *l, const struct safetensors *weights, const char *file,
                 const struct flow_options *o, const struct flow_shapes *s, size_t images);
/* The mean loss of n vectors of a tap, n at most l->fibre, and its gradients; position: y width + x of each. */
double cflow_gradients(struct cflow_learner *l, size_t tap, size_t n, const float *const *vector,
                       const size_t *position);
void cflow_end(struct cflow_learner *l);

extern const struct flow_learning cflow_learning;
extern const struct flow_scoring cflow_scoring;
#endif
