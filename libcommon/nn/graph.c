#include "nn/graph.h"
#include "base/err.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t append(struct graph *g, struct node node, const char *name)
{
    if (snprintf(node.name, sizeof node.name, "%s", name) >= (int)sizeof node.name)
        die("layer name '%s' is too long", name);
    g->node = xgrow(g->node, g->n, &g->capacity, sizeof *g->node);
    g->node[g->n] = node;
    return g->n++;
}

/* A node of one input that keeps its channels. */
static struct node unary(const struct graph *g, enum op op, size_t x)
{
    return (struct node){.op = op, .inputs = 1, .input = {x}, .channels = g->node[x].channels};
}

size_t graph_input(struct graph *g, size_t channels)
{
    return append(g, (struct node){.op = OP_INPUT, .channels = channels}, "");
}

size_t graph_conv(struct graph *g, size_t x, const char *name, struct convolution c, bool bias)
{
    struct node node = unary(g, OP_CONV, x);
    node.conv = c;
    node.bias = bias;
    node.channels = c.out_channels;
    return append(g, node, name);
}

size_t graph_batchnorm(struct graph *g, size_t x, const char *name)
{
    return append(g, unary(g, OP_BATCHNORM, x), name);
}

size_t graph_relu(struct graph *g, size_t x)
{
    return append(g, unary(g, OP_RELU, x), "");
}

size_t graph_add(struct graph *g, size_t x, size_t y)
{
    struct node node = unary(g, OP_ADD, x);
    node.inputs = 2;
    node.input[1] = y;
    return append(g, node, "");
}

size_t graph_maxpool(struct graph *g, size_t x, size_t kernel, size_t stride, size_t padding)
{
    struct node node = unary(g, OP_MAXPOOL, x);
    node.conv = (struct convolution){node.channels, node.channels, kernel, stride, padding};
    return append(g, node, "");
}

size_t graph_meanpool(struct graph *g, size_t x)
{
    return append(g, unary(g, OP_MEANPOOL, x), "");
}

size_t graph_linear(struct graph *g, size_t x, const char *name, size_t out)
{
    struct node node = unary(g, OP_LINEAR, x);
    node.conv = (struct convolution){node.channels, out, 1, 1, 0};
    node.bias = true;
    node.channels = out;
    return append(g, node, name);
}

void graph_tap(struct graph *g, size_t x, const char *tap)
{
    snprintf(g->node[x].tap, sizeof g->node[x].tap, "%s", tap);
}

void graph_free(struct graph *g)
{
    free(g->node);
    *g = (struct graph){0};
}

ptrdiff_t graph_find_tap(const struct graph *g, const char *tap)
{
    for (size_t i = 0; i < g->n; i++)
        if (*tap && strcmp(g->node[i].tap, tap) == 0)
            return (ptrdiff_t)i;
    return -1;
}

void graph_needed(const struct graph *g, const size_t *wanted, size_t wanted_n, bool *needed)
{
    memset(needed, 0, g->n * sizeof *needed);
    for (size_t i = 0; i < wanted_n; i++)
        needed[wanted[i]] = true;
    for (size_t i = g->n; i-- > 0;)
        for (size_t j = 0; needed[i] && j < g->node[i].inputs; j++)
            needed[g->node[i].input[j]] = true;
}

void graph_sides(const struct graph *g, size_t h, size_t w, size_t *side)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct node *node = &g->node[i];
        const size_t *in = node->inputs ? side + 2 * node->input[0] : NULL;
        size_t *out = side + 2 * i;
        out[0] = in ? in[0] : h;
        out[1] = in ? in[1] : w;
        if (node->op == OP_CONV || node->op == OP_MAXPOOL) {
            out[0] = convolution_side(&node->conv, in[0]);
            out[1] = convolution_side(&node->conv, in[1]);
        } else if (node->op == OP_MEANPOOL) {
            out[0] = out[1] = 1;
        }
    }
}

size_t graph_parameters(const struct graph *g, size_t last)
{
    size_t sum = 0;
    for (size_t i = 0; i <= last && i < g->n; i++) {
        const struct node *node = &g->node[i];
        if (node->op == OP_CONV || node->op == OP_LINEAR)
            sum += convolution_depth(&node->conv) * node->channels + (node->bias ? node->channels : 0);
        else if (node->op == OP_BATCHNORM)
            sum += 2 * node->channels;
    }
    return sum;
}
