/* The tensors of a graph's nodes: looked up and checked in a safetensors file, or drawn. */
#ifndef NN_WEIGHTS_H
#define NN_WEIGHTS_H
#include "nn/layer.h"
#include "stream/safetensors.h"

/* A part of a node into `out` (part->floats of them, zeroed), laid out as executors keep it. Dies with "FILE: NAME: reason"
 * when it is missing or of another shape, or holds a value that is not finite, or below zero where it can't be. */
void weights_take(float *out, const struct safetensors *st, const char *file, const struct layer_part *part,
                  const struct graph_node *node);
/* The other way: a part as executors keep it becomes a tensor of st. */
void weights_give(struct safetensors *st, const float *kept, const struct layer_part *part,
                  const struct graph_node *node);

/* Dies when st holds a tensor that would change what the needed nodes compute, if they knew it: one whose name begins as
 * theirs do up to the first dot, but is none of theirs (layer1.0.se.fc.weight, layer1.0.conv1.bias, layer1.2.conv1.weight).
 * Layers that don't run and heads of other names are no matter; nor are counts of batches. */
void weights_exact(const struct safetensors *st, const char *file, const struct graph *g, const bool *needed);

/* Adds the tensors of the nodes whose names begin with `prefix`, but those that st has, as their layers draw them (graph.h), on the
 * pool. A tensor's numbers depend on seed and name alone. */
void weights_random(struct safetensors *st, const struct graph *g, const char *prefix, uint64_t seed);
/* Of what was drawn so: the scale of a batch norm that is the first addend of a sum becomes 0, so that a residual block begins as its
 * shortcut (Goyal et al., arXiv 1706.02677, section 5.1; torchvision's zero_init_residual, which timm does unasked). */
void weights_zero_residuals(const struct safetensors *st, const struct graph *g);
#endif
