/* The tensors of a graph's nodes: looked up and checked in a safetensors file, or drawn. */
#ifndef NN_WEIGHTS_H
#define NN_WEIGHTS_H
#include "nn/graph.h"
#include "stream/safetensors.h"

enum { WEIGHTS_PARTS = 5 };

/* The tensors of one node, in order, with their shapes: weight (out x in x k x k; fc: out x in), bias,
 * running_mean, running_var. Returns how many. `name` is the full name. */
struct weights_part {
    char name[64];
    struct tensor shape; /* without data */
};
size_t weights_parts(struct weights_part out[WEIGHTS_PARTS], const struct node *node);

/* The tensor of a part as new f32 memory (free it). Dies with "FILE: NAME: reason" when it is missing or of
 * another shape, or holds a value that is not finite. */
float *weights_take(const struct safetensors *st, const char *file, const struct weights_part *part);

/* Adds the tensors of every node: He-normal with fan-out for convolutions (He et al., ICCV 2015;
 * torchvision's choice), batch norm 1, 0, 0, 1, linear layers uniform on +-1/sqrt(in). A tensor's numbers
 * depend on seed and name alone. */
void weights_random(struct safetensors *st, const struct graph *g, uint64_t seed);
#endif
