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
#include "nn/graph.h"

/* Input i of the graph is tap i; output[i] is the node of what comes out of its flow. */
void fastflow_graph(struct graph *g, size_t output[TAPS_MAX], const struct flow_shapes *s,
                    const struct flow_options *o);
/* -exp(-m / 2) of each position of image n of z: z.h x z.w. */
void fastflow_likelihood(float *out, const struct view *z, size_t n);

/* The learner (flow.h). Images go through the network a few at a time, their gradients are added: nothing depends on how many. */
void *fastflow_learner(struct fitting *f, struct tap_store *held, const struct flow_options *o,
                       const struct flow_shapes *s);
double fastflow_step(void *learner, const struct fitting_step *s);
/* The loss of n images, and its gradients into the network's; image(arg, i): the taps of the i-th. */
double fastflow_gradients(void *learner, size_t n, const struct taps *(*image)(void *arg, size_t i),
                          void *arg);
struct fitting_held fastflow_look(void *learner);
void fastflow_give(const void *learner, struct safetensors *st);
void fastflow_learner_free(void *learner);
#endif
