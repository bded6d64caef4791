/* Small graphs of every layer, as tests/oracle/ops.py has them, with weights, inputs and gradients by formula. */
#ifndef EXAMPLES_H
#define EXAMPLES_H
#include "formula.h"
#include "nn/trainer.h"
#include <stdio.h>

enum { OUTPUTS = 6, INPUTS = 3 };

/* A graph, its outputs, its inputs' sizes. */
struct example {
    const char *name;
    struct graph graph;
    size_t output[OUTPUTS], outputs;
    size_t n, side[INPUTS][2], inputs;
    const char *const *frozen, *const *fixed;
    struct safetensors weights;
};

static size_t input(struct example *e, size_t channels, size_t h, size_t w)
{
    e->side[e->inputs][0] = h;
    e->side[e->inputs++][1] = w;
    return graph_input(&e->graph, channels);
}

static size_t output(struct example *e, size_t x)
{
    return e->output[e->outputs++] = x;
}

static size_t conv(struct example *e, size_t x, const char *name, size_t out, size_t k, size_t s, size_t p,
                   bool bias)
{
    return graph_conv(&e->graph, x, name, (struct convolution){e->graph.node[x].channels, out, k, s, p},
                      bias);
}

static size_t up(struct example *e, size_t x, const char *name, size_t out, size_t k, size_t s, size_t p,
                 size_t op, bool bias)
{
    const struct convolution c = {e->graph.node[x].channels, out, k, s, p};
    return graph_transposed(&e->graph, x, name, c, op, bias);
}

static size_t conv_bn(struct example *e, size_t x, const char *name, const char *bn, size_t out, size_t k,
                      size_t s)
{
    return graph_batchnorm(&e->graph, conv(e, x, name, out, k, s, k / 2, false), bn);
}

static void pointwise(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 5, 7, 6);
    const size_t y = output(e, graph_relu(g, conv(e, x, "conv1", 19, 3, 1, 1, true)));
    const size_t z = conv(e, y, "conv2", 70, 1, 1, 0, true);
    output(e, graph_relu(g, graph_add(g, z, conv(e, x, "conv3", 70, 1, 1, 0, true))));
}

static void sums(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 6, 8, 8);
    const size_t z = output(e, graph_add(g, x, conv(e, x, "conv1", 6, 3, 1, 1, true)));
    const size_t p = graph_maxpool(g, z, 3, 2, 1), q = graph_batchnorm(g, z, "bn1"), m = graph_meanpool(g, z);
    output(e, graph_linear(g, m, "head", 4));
    const size_t c = conv(e, q, "conv2", 8, 3, 2, 1, true);
    output(e, graph_relu(g, graph_add(g, c, conv(e, p, "conv3", 8, 1, 1, 0, true))));
}

static void transposed(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 9, 5, 4);
    const size_t y = graph_relu(g, graph_batchnorm(g, up(e, x, "up1", 70, 2, 2, 0, 0, false), "bn1"));
    const size_t z = graph_relu(g, up(e, y, "up2", 12, 3, 2, 1, 1, true));
    output(e, up(e, z, "up3", 6, 4, 2, 1, 0, true));
    output(e, up(e, x, "up4", 5, 1, 2, 0, 1, true));
    output(e, up(e, x, "up5", 7, 3, 1, 1, 0, true));
    output(e, up(e, x, "up6", 7, 2, 3, 0, 2, true));
}

static void concat(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 3;
    const size_t a = input(e, 4, 16, 12), b = input(e, 6, 8, 6), d = input(e, 10, 4, 3);
    const size_t y1 = graph_relu(g, conv_bn(e, a, "conv1", "bn1", 8, 3, 2));
    const size_t y = graph_relu(g, conv_bn(e, y1, "conv2", "bn2", 64, 3, 2));
    const size_t z = graph_relu(g, conv_bn(e, b, "conv3", "bn3", 64, 3, 2));
    const size_t all = graph_concat(g, (size_t[]){y, z, d}, 3);
    const size_t u = graph_relu(g, conv_bn(e, all, "conv4", "bn4", 20, 1, 1));
    const size_t v = conv_bn(e, u, "conv5", "bn5", 20, 3, 2);
    output(e, graph_relu(g, graph_add(g, v, conv_bn(e, all, "conv6", "bn6", 20, 1, 2))));
    output(e, conv(e, y, "conv7", 64, 3, 1, 1, true));
}

static void slices(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    const size_t x = input(e, 130, 6, 8), y = conv(e, x, "conv0", 136, 1, 1, 0, true);
    const size_t first = graph_slice(g, y, 0, 64), second = graph_slice(g, y, 64, 64),
                 rest = graph_slice(g, y, 128, 6);
    const size_t u = graph_relu(g, conv(e, first, "conv1", 64, 3, 1, 1, true));
    const size_t v = conv(e, second, "conv2", 65, 3, 2, 1, true);
    const size_t w = conv(e, graph_slice(g, rest, 2, 3), "conv3", 4, 3, 1, 1, true);
    output(e, conv(e, graph_concat(g, (size_t[]){u, first, w, u}, 4), "conv4", 6, 3, 1, 1, true));
    output(e, v);
    output(e, conv(e, graph_slice(g, x, 3, 7), "conv5", 3, 5, 1, 2, true));
}

static void fixed(struct example *e)
{
    static const char *const frozen[] = {"conv1", "bn1", NULL}, *const all[] = {"", NULL};
    struct graph *g = &e->graph;
    e->n = 2;
    e->frozen = frozen;
    e->fixed = all;
    const size_t x = input(e, 3, 9, 9), y = graph_relu(g, conv_bn(e, x, "conv1", "bn1", 8, 3, 1));
    const size_t z = output(e, graph_relu(g, graph_add(g, conv_bn(e, y, "conv2", "bn2", 8, 3, 1), y)));
    output(e, conv_bn(e, z, "conv3", "bn3", 5, 1, 1));
}

static void layernorm(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 3;
    const size_t y = graph_layernorm(g, input(e, 7, 5, 6), "norm1", 5, 6);
    output(e, graph_relu(g, conv(e, y, "conv1", 4, 3, 1, 1, true)));
    output(e, graph_layernorm(g, conv(e, y, "conv2", 6, 1, 1, 0, true), "norm2", 5, 6));
}

static void flow(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 2;
    size_t z = graph_layernorm(g, input(e, 9, 4, 5), "norm", 4, 5);
    for (size_t i = 0; i < 3; i++) {
        const size_t k = i == 1 ? 1 : 3;
        char name[3][16];
        snprintf(name[0], sizeof name[0], "subnet%zu.0", i);
        snprintf(name[1], sizeof name[1], "subnet%zu.2", i);
        snprintf(name[2], sizeof name[2], "block%zu", i);
        const size_t hidden = graph_relu(g, conv(e, graph_slice(g, z, 0, 5), name[0], 4, k, 1, k / 2, true));
        z = graph_coupling(g, z, conv(e, hidden, name[1], 8, k, 1, k / 2, true), name[2], 2.0);
    }
    output(e, z);
}

static void fibres(struct example *e)
{
    struct graph *g = &e->graph;
    e->n = 5;
    size_t z = input(e, 12, 1, 1);
    const size_t condition = input(e, 8, 1, 1);
    for (size_t i = 0; i < 2; i++) {
        char name[3][16];
        snprintf(name[0], sizeof name[0], "subnet%zu.0", i);
        snprintf(name[1], sizeof name[1], "subnet%zu.2", i);
        snprintf(name[2], sizeof name[2], "block%zu", i);
        const size_t in = graph_concat(g, (size_t[]){graph_slice(g, z, 0, 6), condition}, 2);
        const size_t hidden = graph_relu(g, graph_linear(g, in, name[0], 28));
        z = graph_coupling(g, z, graph_linear(g, hidden, name[1], 12), name[2], 1.9);
    }
    output(e, z);
}

static const struct {
    const char *name;
    void (*build)(struct example *e);
} examples[] = {{"pointwise", pointwise}, {"sums", sums},     {"transposed", transposed},
                {"concat", concat},       {"slices", slices}, {"fixed", fixed},
                {"layernorm", layernorm}, {"flow", flow},     {"fibres", fibres}};
enum { EXAMPLES = sizeof examples / sizeof *examples };

static void begin(struct example *e, size_t which)
{
    *e = (struct example){.name = examples[which].name};
    examples[which].build(e);
    fill(&e->weights, &e->graph);
}

static void end(struct example *e)
{
    safetensors_free(&e->weights);
    graph_free(&e->graph);
}

static void fill_input(const struct view *v, const struct example *e, size_t i)
{
    char name[64];
    snprintf(name, sizeof name, "%s input %zu", e->name, i);
    fill_images(v, name, 0, v->n);
}

/* Numbers in [-1, 1). */
static void fill_gradient(const struct view *v, const struct example *e, size_t i)
{
    char name[64];
    const size_t size = v->h * v->w * v->c;
    snprintf(name, sizeof name, "%s gradient %zu", e->name, i);
    float *g = xmalloc(size, sizeof *g);
    for (size_t n = 0; n < v->n; n++) {
        for (size_t j = 0; j < size; j++)
            g[j] = (float)formula(formula_seed(name), n * size + j) * 2 - 1;
        view_copy_in(v, n, g);
    }
    free(g);
}

static struct trainer *train(const struct example *e, enum dtype precision, const char *const *fixed_parts)
{
    const struct trainer_plan plan = {.output = e->output,
                                      .outputs = e->outputs,
                                      .n = e->n,
                                      .side = e->side,
                                      .precision = precision,
                                      .frozen = e->frozen,
                                      .fixed = fixed_parts,
                                      .input_gradients = true};
    struct trainer *t = trainer_new(&e->graph, &e->weights, "formula", &plan);
    for (size_t i = 0; i < e->inputs; i++) {
        const struct view in = trainer_input(t, i);
        fill_input(&in, e, i);
    }
    trainer_forward(t);
    return t;
}

static void back(struct trainer *t, const struct example *e)
{
    char name[64];
    for (size_t i = 0; i < e->outputs; i++) {
        const struct view gradient = trainer_output_gradient(t, i);
        fill_gradient(&gradient, e, i);
    }
    snprintf(name, sizeof name, "%s log", e->name);
    for (size_t n = 0; n < e->n; n++)
        trainer_log_determinant_gradients(t)[n] = -formula(formula_seed(name), n);
    trainer_backward(t);
}
#endif
