#include "nn/infer.h"
#include "base/mem.h"
#include "nn/filter.h"
#include "nn/memory_plan.h"
#include "nn/pointwise.h"
#include "nn/pool.h"
#include "nn/quantised.h"
#include "nn/schedule.h"
#include "nn/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a step computes with: a convolution's weights and its bias (`shift`), or a batch norm's scale and
 * shift. */
struct constants {
    bool bytes; /* 8-bit weights: quantised.h's filter, else filter.h's */
    void *filter;
    float *scale, *shift;
};

struct infer {
    struct graph graph; /* its own copy */
    struct schedule schedule;
    struct constants *constants; /* of each step */
    struct view *value;          /* of the input and of each node that a step writes */
    size_t *wanted, wanted_n;
    char *arena;
    void *scratch; /* of the filters */
    size_t arena_bytes, scratch_bytes, weight_bytes;
};

/* Whether a value can't be negative: a ReLU gave it, perhaps through a pool. */
static bool follows_relu(const struct infer *x, size_t node)
{
    for (size_t s = 0; s < x->schedule.steps; s++) {
        const struct step *step = &x->schedule.step[s];
        if (step->out == node && x->graph.node[step->node].op == OP_MAXPOOL)
            return follows_relu(x, x->graph.node[step->node].input[0]);
        if (step->out == node)
            return step->relu;
    }
    return false;
}

/* scale and shift of a batch norm in eval mode, in double: w / sqrt(var + eps), b - mean * scale. */
static void take_batchnorm(struct constants *k, const struct node *node, const struct safetensors *st,
                           const char *file)
{
    struct weights_part part[WEIGHTS_PARTS];
    float *t[4];
    weights_parts(part, node);
    for (size_t i = 0; i < 4; i++)
        t[i] = weights_take(st, file, &part[i]);
    k->scale = xmalloc(node->channels, sizeof *k->scale);
    for (size_t c = 0; c < node->channels; c++) {
        const double scale = t[0][c] / sqrt((double)t[3][c] + 1e-5);
        k->scale[c] = (float)scale;
        k->shift[c] = (float)((k->shift[c] - t[2][c]) * scale + t[1][c]);
    }
    for (size_t i = 0; i < 4; i++)
        free(t[i]);
}

static size_t weights_bytes(const struct infer *x, const struct constants *k, const struct node *node)
{
    return k->bytes ? quantised_bytes(&node->conv)
                    : filter_bytes(&node->conv, x->schedule.type[node->input[0]]);
}

static void take_filter(struct infer *x, struct constants *k, const struct node *node, const float *panels)
{
    const struct convolution *c = &node->conv;
    const size_t in = node->input[0];
    const size_t *side = x->schedule.side + 2 * in;
    const enum dtype type = x->schedule.type[in];
    const size_t bytes = weights_bytes(x, k, node);
    const size_t scratch =
        k->bytes ? quantised_scratch(c, side[0], side[1]) : filter_forward_scratch(c, type);
    k->filter = xaligned(bytes, 1);
    if (k->bytes)
        quantised_pack(k->filter, panels, c);
    else
        filter_pack(k->filter, panels, c, type);
    x->weight_bytes += bytes;
    x->scratch_bytes = scratch > x->scratch_bytes ? scratch : x->scratch_bytes;
}

static void take_weights(struct infer *x, size_t step, const struct safetensors *st, const char *file)
{
    const struct step *s = &x->schedule.step[step];
    struct constants *k = &x->constants[step];
    const struct node *node = &x->graph.node[s->node];
    struct weights_part part[WEIGHTS_PARTS];
    const size_t parts = weights_parts(part, node);
    if (!node_is_product(node) && s->batchnorm < 0)
        return;
    /* a panel's worth at the least: kernels read biases by panels */
    k->shift = xcalloc((node->channels + CONV_PANEL - 1) / CONV_PANEL * CONV_PANEL, sizeof *k->shift);
    if (node_is_product(node) && parts == 2) {
        float *bias = weights_take(st, file, &part[1]);
        memcpy(k->shift, bias, node->channels * sizeof *bias);
        free(bias);
    }
    if (s->batchnorm >= 0)
        take_batchnorm(k, &x->graph.node[s->batchnorm], st, file);
    if (node_is_product(node)) {
        float *weight = weights_take(st, file, &part[0]);
        float *panels =
            xmalloc(conv_packed_size(convolution_depth(&node->conv), node->channels), sizeof *panels);
        convolution_pack(panels, weight, k->scale, &node->conv);
        take_filter(x, k, node, panels);
        free(panels);
        free(weight);
    }
}

static void need_weights(const struct infer *x)
{
    size_t bytes = 0;
    for (size_t s = 0; s < x->schedule.steps; s++) {
        const struct node *node = &x->graph.node[x->schedule.step[s].node];
        if (node_is_product(node))
            bytes += weights_bytes(x, &x->constants[s], node);
    }
    mem_need(bytes, "the network's weights");
}

static void place(struct infer *x, struct buffer *buffer, size_t value, size_t n, size_t step)
{
    x->value[value] = schedule_view(&x->schedule, &x->graph, value, n);
    buffer[value] = (struct buffer){.size = view_bytes(&x->value[value]), .first = step, .last = step};
}

static void plan(struct infer *x, size_t n)
{
    struct buffer *buffer = xcalloc(x->graph.n, sizeof *buffer);
    x->value = xcalloc(x->graph.n, sizeof *x->value);
    place(x, buffer, x->schedule.input, n, 0);
    for (size_t s = 0; s < x->schedule.steps; s++) {
        const struct step *step = &x->schedule.step[s];
        place(x, buffer, step->out, n, s);
        buffer[x->graph.node[step->node].input[0]].last = s;
        if (step->residual >= 0)
            buffer[step->residual].last = s;
    }
    for (size_t i = 0; i < x->wanted_n; i++)
        buffer[x->wanted[i]].last = x->schedule.steps;
    x->arena_bytes = memory_plan(buffer, x->graph.n);
    mem_need(x->arena_bytes + x->scratch_bytes, "the network's activations");
    x->arena = xaligned(x->arena_bytes, 1);
    x->scratch = xaligned(x->scratch_bytes, 1);
    for (size_t i = 0; i < x->graph.n; i++)
        x->value[i].data = x->arena + buffer[i].offset;
    free(buffer);
}

static void *copy(const void *from, size_t n, size_t size)
{
    return memcpy(xmalloc(n, size), from, n * size);
}

struct infer *infer_new(const struct graph *g, const struct safetensors *st, const char *file,
                        const struct infer_plan *p)
{
    struct infer *x = xcalloc(1, sizeof *x);
    x->graph = *g;
    x->graph.node = copy(g->node, g->n, sizeof *g->node);
    x->wanted = copy(p->wanted, p->wanted_n, sizeof *p->wanted);
    x->wanted_n = p->wanted_n;
    schedule_make(&x->schedule, g, p->wanted, p->wanted_n, true, p->h, p->w,
                  p->precision == DT_I8 ? DT_BF16 : p->precision);
    x->constants = xcalloc(x->schedule.steps, sizeof *x->constants);
    for (size_t s = 0; s < x->schedule.steps; s++) {
        const struct node *node = &g->node[x->schedule.step[s].node];
        x->constants[s].bytes = p->precision == DT_I8 && node->op == OP_CONV && quantised_pays(&node->conv) &&
                                follows_relu(x, node->input[0]);
    }
    need_weights(x);
    for (size_t s = 0; s < x->schedule.steps; s++)
        take_weights(x, s, st, file);
    plan(x, p->n);
    return x;
}

struct view infer_input(const struct infer *x)
{
    return x->value[x->schedule.input];
}

struct view infer_output(const struct infer *x, size_t i)
{
    return x->value[x->wanted[i]];
}

static struct view first_of(const struct infer *x, size_t value, size_t n)
{
    struct view v = x->value[value];
    v.n = n;
    return v;
}

static void run_step(const struct infer *x, const struct step *s, const struct constants *k, size_t n)
{
    const struct node *node = &x->graph.node[s->node];
    const struct view out = first_of(x, s->out, n), in = first_of(x, node->input[0], n);
    const struct view *residual = s->residual >= 0 ? &x->value[s->residual] : NULL;
    view_clear_halo(&out);
    if (node_is_product(node)) {
        const struct convolution_epilogue e = {k->shift, residual, s->relu};
        if (k->bytes)
            quantised_forward(&out, &in, k->filter, &e, &node->conv, x->scratch);
        else
            filter_forward(&out, &in, k->filter, &e, &node->conv, x->scratch);
    } else if (node->op == OP_MAXPOOL) {
        maxpool_forward(&out, &in, node->conv.kernel, node->conv.stride, node->conv.padding);
    } else if (node->op == OP_MEANPOOL) {
        meanpool_forward(&out, &in);
    } else {
        pointwise_forward(&out, &in, k->scale, k->shift, residual, s->relu);
    }
}

void infer_run(struct infer *x, size_t n)
{
    const struct view in = first_of(x, x->schedule.input, n);
    view_clear_halo(&in);
    for (size_t s = 0; s < x->schedule.steps; s++)
        run_step(x, &x->schedule.step[s], &x->constants[s], n);
}

size_t infer_weight_bytes(const struct infer *x)
{
    return x->weight_bytes;
}

size_t infer_arena_bytes(const struct infer *x)
{
    return x->arena_bytes + x->scratch_bytes;
}

void infer_free(struct infer *x)
{
    if (!x)
        return;
    for (size_t s = 0; s < x->schedule.steps; s++) {
        free(x->constants[s].filter);
        free(x->constants[s].scale);
        free(x->constants[s].shift);
    }
    free(x->graph.node);
    free(x->wanted);
    free(x->constants);
    schedule_free(&x->schedule);
    free(x->value);
    free(x->arena);
    free(x->scratch);
    free(x);
}
