/* Networks as data: nodes that name their inputs. Builders append nodes in an order in which inputs come
 * first; executors (infer.h, and the trainer's) walk it. Weights are not here: a node's `name` is the prefix
 * of its tensors in a safetensors file (torchvision's names). */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H
#include "nn/convolution.h"
#include <stdbool.h>
#include <stddef.h>

enum op {
    OP_INPUT,     /* images, channels given */
    OP_CONV,      /* NAME.weight; no bias unless `bias` */
    OP_BATCHNORM, /* NAME.weight, .bias, .running_mean, .running_var; eps 1e-5 */
    OP_RELU,
    OP_ADD,      /* of two inputs of one shape */
    OP_MAXPOOL,  /* conv.kernel, .stride, .padding */
    OP_MEANPOOL, /* over all pixels */
    OP_LINEAR    /* NAME.weight, NAME.bias; of a 1 x 1 image */
};

struct node {
    enum op op;
    char name[48]; /* "layer1.0.conv1"; "" where there are no weights */
    char tap[16];  /* "layer2": this node's output may be asked for by this name; "" mostly */
    size_t inputs, input[2];
    struct convolution conv; /* OP_CONV, OP_LINEAR; the window of OP_MAXPOOL */
    bool bias;
    size_t channels; /* of the output */
};

/* A convolution or a linear layer. */
static inline bool node_is_product(const struct node *node)
{
    return node->op == OP_CONV || node->op == OP_LINEAR;
}

struct graph {
    char arch[32];
    struct node *node;
    size_t n, capacity;
}; /* {0} is empty; owns its nodes */

/* Builders return the new node's index. */
size_t graph_input(struct graph *g, size_t channels);
size_t graph_conv(struct graph *g, size_t x, const char *name, struct convolution c, bool bias);
size_t graph_batchnorm(struct graph *g, size_t x, const char *name);
size_t graph_relu(struct graph *g, size_t x);
size_t graph_add(struct graph *g, size_t x, size_t y);
size_t graph_maxpool(struct graph *g, size_t x, size_t kernel, size_t stride, size_t padding);
size_t graph_meanpool(struct graph *g, size_t x);
size_t graph_linear(struct graph *g, size_t x, const char *name, size_t out);
void graph_tap(struct graph *g, size_t x, const char *tap);
void graph_free(struct graph *g);

/* The node with this tap; -1 where there is none. */
ptrdiff_t graph_find_tap(const struct graph *g, const char *tap);
/* needed[i]: whether node i leads to one of the wanted nodes. */
void graph_needed(const struct graph *g, const size_t *wanted, size_t wanted_n, bool *needed);
/* Height and width of node i's output into side[2 * i], side[2 * i + 1], for an input of h x w. Dies where it
 * gets too small. */
void graph_sides(const struct graph *g, size_t h, size_t w, size_t *side);
/* Trainable parameters of the nodes up to and including `last`. */
size_t graph_parameters(const struct graph *g, size_t last);
#endif
