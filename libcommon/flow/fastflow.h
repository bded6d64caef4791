/* FastFlow: Yu et al., "FastFlow: Unsupervised Anomaly Detection and Localization via 2D Normalizing Flows", arXiv 2111.07677, in the
 * form of gathierry and Anomalib (methods 7). A tap's way:
 *
 *     layer norm over the whole map, each element with a weight and a bias of its own
 *     blocks: a subnet of two convolutions sees the first half of the channels and scales and shifts the second; then all channels
 *             are scaled, shifted and put in another order (nn/coupling.h)
 *
 * The loss of an image: half the sum of the squares of what comes out, less the logarithm of the determinant; summed over the taps. Its
 * map: of each tap -exp(-m / 2) with m the mean over the channels of the squares, enlarged; then their mean, so in [-1, 0]. */
#ifndef FLOW_FASTFLOW_H
#define FLOW_FASTFLOW_H
#include "flow/flow.h"
#include "train/learner.h"

/* Input i of the graph is tap i; output[i] is the node of what comes out of its flow. */
void fastflow_graph(struct graph *g, size_t output[TAPS_MAX], const struct flow_shapes *s,
                    const struct flow_options *o);
/* -exp(-m / 2) of each position of image n of z: z.h x z.w. */
void fastflow_likelihood(float *out, const struct view *z, size_t n);

/* What learns. Images go through the network a few at a time, their gradients are added: nothing depends on how many. */
struct fastflow_learner {
    size_t taps;
    struct graph graph;
    struct learner net;     /* torch's decay is of biases and norms, too */
    float *flow[TAPS_MAX];  /* of each tap's positions */
    struct fitting *f;      /* of a fit: where its images come from */
    struct tap_store *held; /* and those that are looked at */
};
/* weights: its first ones; file names them in messages. */
void fastflow_begin(struct fastflow_learner *l, const struct safetensors *weights, const char *file,
                    const struct flow_options *o, const struct flow_shapes *s);
/* The mean loss of n images and its gradients; image(arg, i): the taps of the i-th. Not finite: gradients are of no use. */
double fastflow_gradients(struct fastflow_learner *l, size_t n,
                          const struct taps *(*image)(void *arg, size_t i), void *arg);
void fastflow_end(struct fastflow_learner *l);

extern const struct flow_learning fastflow_learning;
extern const struct flow_scoring fastflow_scoring;
#endif
