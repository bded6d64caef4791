#include "nn/graph.h"
#include "base/err.h"
#include "base/mem.h"
#include "nn/layer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t graph_append(struct graph *g, struct graph_node node, const char *name)
{
    if (snprintf(node.name, sizeof node.name, "%s", name) >= (int)sizeof node.name)
        die("layer name '%s' is too long", name);
    g->node = xgrow(g->node, g->n, &g->capacity, sizeof *g->node);
    g->node[g->n] = node;
    return g->n++;
}

struct graph_node graph_unary(const struct graph *g, const struct layer *layer, size_t x)
{
    return (struct graph_node){.layer = layer, .inputs = 1, .input = {x}, .channels = g->node[x].channels};
}

const struct layer layer_input = {.name = "input"};

size_t graph_input(struct graph *g, size_t channels)
{
    return graph_append(g, (struct graph_node){.layer = &layer_input, .channels = channels}, "");
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

size_t graph_inputs(const struct graph *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        n += g->node[i].layer == &layer_input;
    return n;
}

/* Layers that mix their inputs pixel by pixel need them of one size. */
static void same_sides(size_t out[2], const struct graph_node *node, const size_t (*in)[2])
{
    for (size_t j = 1; j < node->inputs; j++)
        if (in[j][0] != in[0][0] || in[j][1] != in[0][1])
            die("the inputs of a layer (%s) are %zux%zu and %zux%zu", node->layer->name, in[0][0], in[0][1],
                in[j][0], in[j][1]);
    memcpy(out, in[0], 2 * sizeof *out);
}

void graph_sides(const struct graph *g, const size_t (*input)[2], const bool *needed, size_t (*side)[2])
{
    size_t inputs = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct graph_node *node = &g->node[i];
        size_t in[NODE_INPUTS][2];
        for (size_t j = 0; j < node->inputs; j++)
            memcpy(in[j], side[node->input[j]], sizeof in[j]);
        if (node->layer == &layer_input)
            memcpy(side[i], input[inputs++], sizeof side[i]);
        else if (!needed || needed[i])
            (node->layer->sides ? node->layer->sides : same_sides)(side[i], node, (const size_t(*)[2])in);
    }
}

size_t graph_parameters(const struct graph *g, size_t last)
{
    size_t sum = 0;
    for (size_t i = 0; i <= last && i < g->n; i++) {
        struct layer_part part[LAYER_PARTS];
        const size_t parts = layer_parts(part, &g->node[i]);
        for (size_t p = 0; p < parts; p++)
            sum += part[p].learnt ? tensor_count(&part[p].shape) : 0;
    }
    return sum;
}
