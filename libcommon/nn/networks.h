/* The backbones, as torchvision builds them (He et al., "Deep Residual Learning", CVPR 2016; Zagoruyko and
 * Komodakis, "Wide Residual Networks", BMVC 2016; bottlenecks stride on the 3 x 3, "v1.5"). Taps:
 * layer1..layer4 (after a stage's last ReLU), avgpool, fc. */
#ifndef NN_NETWORKS_H
#define NN_NETWORKS_H
#include "nn/graph.h"
#include "stream/safetensors.h"

/* resnet18, resnet34, resnet50, resnet101, wide_resnet50_2; ended by NULL. */
extern const char *const network_names[];

/* Builds into an empty graph. classes 0: no fc. False when the name is none of the above. */
bool network_build(struct graph *g, const char *arch, size_t classes);
/* The same without the stages behind the first `stages`, 1 to 4: avgpool and fc follow the last. */
bool network_build_stages(struct graph *g, const char *arch, size_t stages, size_t classes);
/* The architecture that weights are for: metadata arch=, else from names and shapes. NULL when it can't be
 * told. */
const char *network_guess(const struct safetensors *st);
/* How many stages weights have, 1 to 4: their avgpool and fc, where they have one, follow the last. */
size_t network_stages(const struct safetensors *st);
#endif
