/* Networks as data: nodes that name their inputs. Builders append nodes in an order in which inputs come first;
 * the executors walk it (infer.h, trainer.h). Weights are not here: a node's `name` is the prefix of its tensors in
 * a safetensors file (torchvision's names).
 *
 * A graph, from its making to its use:
 *   1. A builder (networks.c, or a method's own) calls graph_input, graph_conv, ...: each appends a node and returns
 *      its index. What a node computes is its layer (layer.h), one file each: layer_*.c.
 *   2. graph_tap names the nodes whose values may be asked for: "layer2".
 *   3. weights_random draws the tensors of all nodes, or a file has them: each layer lists its parts.
 *   4. An executor is told which nodes are wanted. schedule.c keeps what leads to them, folds batch norms, sums and
 *      ReLUs into the steps before them, and says where slices and concatenations lie so that they cost no copy.
 *   5. infer.c packs the weights as the kernels read them; trainer.c lays parameters and gradients in flat arrays.
 *   6. Both give every value a place in one arena by its lifetime (memory_plan.h), then run the steps. */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H
#include "nn/convolution.h"
#include <stdbool.h>
#include <stddef.h>

struct layer;

enum { NODE_INPUTS = 4 };

struct graph_node {
    const struct layer *layer;
    char name[48]; /* "layer1.0.conv1"; "" where there are no tensors */
    char tap[24];  /* "layer2": this node's output may be asked for by this name; "" mostly */
    size_t inputs, input[NODE_INPUTS];
    size_t channels;         /* of the output */
    struct convolution conv; /* of products; the window of a max pool */
    bool bias;               /* of products */
    size_t first;            /* of a slice: its first channel */
    bool narrows; /* of a slice: its value is of the executor's precision, also where it is of an f32 one */
    size_t output_padding; /* of a transposed convolution */
    size_t side[2];        /* of a layer norm: the height and width that it is for */
    float clamp;           /* of a coupling */
};

struct graph {
    char arch[32];
    struct graph_node *node;
    size_t n, capacity;
}; /* {0} is empty; owns its nodes */

/* Builders return the new node's index. Each lives in the file of its layer. Sums and concatenations die on inputs
 * that don't fit once sizes are known. */
size_t graph_input(struct graph *g, size_t channels);
/* NAME.weight (out x in x k x k), and NAME.bias if `bias`. Drawn He-normal with fan-out without a bias (He et al., ICCV
 * 2015: torchvision's choice before a batch norm), else uniform on +-1/sqrt(in k k), weight and bias, as torch draws. */
size_t graph_conv(struct graph *g, size_t x, const char *name, struct convolution c, bool bias);
/* NAME.weight (in x out x k x k), and NAME.bias if `bias`; c.in_channels are x's. A side becomes (side - 1) stride - 2 padding +
 * k + output_padding. Drawn uniform on +-1/sqrt(out k k). */
size_t graph_transposed(struct graph *g, size_t x, const char *name, struct convolution c,
                        size_t output_padding, bool bias);
/* NAME.weight (out x in), NAME.bias; of a 1 x 1 image. */
size_t graph_linear(struct graph *g, size_t x, const char *name, size_t out);
/* NAME.weight, .bias, .running_mean, .running_var; eps 1e-5. */
size_t graph_batchnorm(struct graph *g, size_t x, const char *name);
/* Over all of an image. NAME.weight, .bias (channels x h x w); eps 1e-5. x must be of that size. */
size_t graph_layernorm(struct graph *g, size_t x, const char *name, size_t h, size_t w);
/* The end of an invertible block (coupling.h): a, a subnet's output, changes the second half of x's channels. NAME.global_scale,
 * .global_offset, .permutation (channels each; the permutation is drawn, and no optimiser moves it). */
size_t graph_coupling(struct graph *g, size_t x, size_t a, const char *name, double clamp);
size_t graph_relu(struct graph *g, size_t x);
size_t graph_add(struct graph *g, size_t x,
                 size_t y); /* of one shape; in residual blocks y is the shortcut */
size_t graph_maxpool(struct graph *g, size_t x, size_t kernel, size_t stride, size_t padding);
size_t graph_meanpool(struct graph *g, size_t x); /* over all pixels */
/* The channels [first, first + channels) of x. */
size_t graph_slice(struct graph *g, size_t x, size_t first, size_t channels);
/* The same in the executor's precision, where x is f32 behind a layer that casts (layer.h). */
size_t graph_slice_narrow(struct graph *g, size_t x, size_t first, size_t channels);
/* The channels of 2 to NODE_INPUTS nodes of one size, side by side. */
size_t graph_concat(struct graph *g, const size_t *x, size_t n);

void graph_tap(struct graph *g, size_t x, const char *tap);
void graph_free(struct graph *g);

/* For builders: appends a node with a copy of `name`; dies on one that is too long. A node of one input that keeps its
 * channels. */
size_t graph_append(struct graph *g, struct graph_node node, const char *name);
struct graph_node graph_unary(const struct graph *g, const struct layer *layer, size_t x);

/* The node with this tap; -1 where there is none. */
ptrdiff_t graph_find_tap(const struct graph *g, const char *tap);
/* needed[i]: whether node i leads to one of the wanted nodes. */
void graph_needed(const struct graph *g, const size_t *wanted, size_t wanted_n, bool *needed);
/* How many inputs the graph has. */
size_t graph_inputs(const struct graph *g);
/* Height and width of node i's output into side[i], for inputs of these sizes, in their order in the graph. Nodes that
 * are not needed (NULL: all are) are left out. Dies where one gets too small, or inputs of a layer don't fit each other. */
void graph_sides(const struct graph *g, const size_t (*input)[2], const bool *needed, size_t (*side)[2]);
/* Trainable parameters of the nodes up to and including `last`. */
size_t graph_parameters(const struct graph *g, size_t last);
#endif
