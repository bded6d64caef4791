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

/* Adds the tensors of every node as its layer draws them (graph.h). A tensor's numbers depend on seed and name alone. */
void weights_random(struct safetensors *st, const struct graph *g, uint64_t seed);
#endif
