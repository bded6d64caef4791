#include "nn/infer.h"
#include "base/mem.h"
#include "nn/memory_plan.h"
#include "nn/pointwise.h"
#include "nn/pool.h"
#include "nn/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One thing to do: node `node`, with the nodes folded into it (indices, -1 where none), writes the value of
 * node `out`. */
struct step {
    size_t node, out;
    ptrdiff_t batchnorm, residual; /* residual: the node whose value is added */
    bool relu;
    float *packed; /* a convolution's weights */
    float *scale, *shift;
};

struct infer {
    struct graph graph; /* its own copy */
    bool *needed;
    size_t *consumers, *side;
    struct step *step;
    size_t steps;
    struct view *value; /* of the input and of each node that a step writes */
    size_t *wanted, wanted_n, input;
    float *arena;
    size_t arena_n, weights_n;
};

static bool has_weights(enum op op)
{
    return op == OP_CONV || op == OP_LINEAR;
}

/* The only consumer of node i if it is an `op`; -1 otherwise. A wanted node has one consumer more: the
 * caller. */
static ptrdiff_t only_consumer(const struct infer *x, size_t i, enum op op)
{
    for (size_t j = i + 1; x->consumers[i] == 1 && j < x->graph.n; j++)
        for (size_t k = 0; x->needed[j] && k < x->graph.node[j].inputs; k++)
            if (x->graph.node[j].input[k] == i)
                return x->graph.node[j].op == op ? (ptrdiff_t)j : -1;
    return -1;
}

static void count_consumers(struct infer *x)
{
    for (size_t i = 0; i < x->graph.n; i++)
        for (size_t k = 0; x->needed[i] && k < x->graph.node[i].inputs; k++)
            x->consumers[x->graph.node[i].input[k]]++;
    for (size_t i = 0; i < x->wanted_n; i++)
        x->consumers[x->wanted[i]]++;
}

/* A step for node i and what follows it that nobody else sees: batch norm, a sum whose other side stands
 * already, ReLU. */
static struct step fold(const struct infer *x, size_t i, bool *done)
{
    const enum op op = x->graph.node[i].op;
    struct step s = {.node = i, .out = i, .batchnorm = -1, .residual = -1};
    ptrdiff_t next;
    if (op == OP_BATCHNORM)
        s.batchnorm = (ptrdiff_t)i;
    else if (has_weights(op) && (next = only_consumer(x, s.out, OP_BATCHNORM)) >= 0)
        s.batchnorm = (ptrdiff_t)(s.out = (size_t)next);
    if (op == OP_ADD) {
        s.residual = (ptrdiff_t)x->graph.node[i].input[1];
    } else if ((has_weights(op) || op == OP_BATCHNORM) && (next = only_consumer(x, s.out, OP_ADD)) >= 0) {
        const struct node *add = &x->graph.node[next];
        const size_t other = add->input[add->input[0] == s.out];
        if (done[other]) {
            s.residual = (ptrdiff_t)other;
            done[s.out] = true;
            s.out = (size_t)next;
        }
    }
    if (op == OP_RELU) {
        s.relu = true;
    } else if (op != OP_MAXPOOL && op != OP_MEANPOOL && (next = only_consumer(x, s.out, OP_RELU)) >= 0) {
        s.relu = true;
        done[s.out] = true;
        s.out = (size_t)next;
    }
    done[i] = done[s.out] = true;
    if (s.batchnorm >= 0)
        done[s.batchnorm] = true;
    return s;
}

static void schedule(struct infer *x)
{
    bool *done = xcalloc(x->graph.n, sizeof *done);
    x->step = xcalloc(x->graph.n, sizeof *x->step);
    for (size_t i = 0; i < x->graph.n; i++) {
        if (!x->needed[i] || done[i])
            continue;
        if (x->graph.node[i].op == OP_INPUT) {
            x->input = i;
            done[i] = true;
        } else {
            x->step[x->steps++] = fold(x, i, done);
        }
    }
    free(done);
}

/* scale and shift of a batch norm in eval mode, in double: w / sqrt(var + eps), b - mean * scale. */
static void take_batchnorm(struct step *s, const struct node *node, const struct safetensors *st,
                           const char *file)
{
    struct weights_part part[WEIGHTS_PARTS];
    float *t[4];
    weights_parts(part, node);
    for (size_t i = 0; i < 4; i++)
        t[i] = weights_take(st, file, &part[i]);
    s->scale = xmalloc(node->channels, sizeof *s->scale);
    for (size_t c = 0; c < node->channels; c++) {
        const double scale = t[0][c] / sqrt((double)t[3][c] + 1e-5);
        s->scale[c] = (float)scale;
        s->shift[c] = (float)((s->shift[c] - t[2][c]) * scale + t[1][c]);
    }
    for (size_t i = 0; i < 4; i++)
        free(t[i]);
}

static void take_weights(struct infer *x, struct step *s, const struct safetensors *st, const char *file)
{
    const struct node *node = &x->graph.node[s->node];
    struct weights_part part[WEIGHTS_PARTS];
    const size_t parts = weights_parts(part, node);
    if (!has_weights(node->op) && s->batchnorm < 0)
        return;
    /* a panel's worth at the least: kernels read biases by panels */
    s->shift = xcalloc((node->channels + CONV_PANEL - 1) / CONV_PANEL * CONV_PANEL, sizeof *s->shift);
    if (has_weights(node->op) && parts == 2) {
        float *bias = weights_take(st, file, &part[1]);
        memcpy(s->shift, bias, node->channels * sizeof *bias);
        free(bias);
    }
    if (s->batchnorm >= 0)
        take_batchnorm(s, &x->graph.node[s->batchnorm], st, file);
    if (has_weights(node->op)) {
        const size_t n = conv_packed_size(convolution_depth(&node->conv), node->channels);
        float *weight = weights_take(st, file, &part[0]);
        s->packed = xaligned(n, sizeof *s->packed);
        convolution_pack(s->packed, weight, s->scale, &node->conv);
        x->weights_n += n;
        free(weight);
    }
}

/* Halos that the convolutions reading a value want. */
static size_t halo(const struct infer *x, size_t value)
{
    size_t most = 0;
    for (size_t s = 0; s < x->steps; s++) {
        const struct node *node = &x->graph.node[x->step[s].node];
        if (node->op == OP_CONV && node->input[0] == value && node->conv.padding > most)
            most = node->conv.padding;
    }
    return most;
}

static void place(struct infer *x, struct buffer *buffer, size_t value, size_t n, size_t step)
{
    x->value[value] = (struct view){.n = n,
                                    .h = x->side[2 * value],
                                    .w = x->side[2 * value + 1],
                                    .c = x->graph.node[value].channels,
                                    .halo = halo(x, value)};
    buffer[value] = (struct buffer){.size = view_size(&x->value[value]), .first = step, .last = step};
}

static void plan(struct infer *x, size_t n)
{
    struct buffer *buffer = xcalloc(x->graph.n, sizeof *buffer);
    x->value = xcalloc(x->graph.n, sizeof *x->value);
    place(x, buffer, x->input, n, 0);
    for (size_t s = 0; s < x->steps; s++) {
        const struct step *step = &x->step[s];
        place(x, buffer, step->out, n, s);
        buffer[x->graph.node[step->node].input[0]].last = s;
        if (step->residual >= 0)
            buffer[step->residual].last = s;
    }
    for (size_t i = 0; i < x->wanted_n; i++)
        buffer[x->wanted[i]].last = x->steps;
    x->arena_n = memory_plan(buffer, x->graph.n);
    mem_need(x->arena_n * sizeof *x->arena, "the network's activations");
    x->arena = xaligned(x->arena_n, sizeof *x->arena);
    for (size_t i = 0; i < x->graph.n; i++)
        x->value[i].data = x->arena + buffer[i].offset;
    free(buffer);
}

static void *copy(const void *from, size_t n, size_t size)
{
    return memcpy(xmalloc(n, size), from, n * size);
}

struct infer *infer_new(const struct graph *g, const struct safetensors *st, const char *file,
                        const size_t *wanted, size_t wanted_n, size_t n, size_t h, size_t w)
{
    struct infer *x = xcalloc(1, sizeof *x);
    x->graph = *g;
    x->graph.node = copy(g->node, g->n, sizeof *g->node);
    x->wanted = copy(wanted, wanted_n, sizeof *wanted);
    x->wanted_n = wanted_n;
    x->needed = xcalloc(g->n, sizeof *x->needed);
    x->consumers = xcalloc(g->n, sizeof *x->consumers);
    x->side = xcalloc(2 * g->n, sizeof *x->side);
    graph_needed(g, wanted, wanted_n, x->needed);
    graph_sides(g, h, w, x->side);
    count_consumers(x);
    schedule(x);
    for (size_t s = 0; s < x->steps; s++)
        take_weights(x, &x->step[s], st, file);
    plan(x, n);
    return x;
}

struct view infer_input(const struct infer *x)
{
    return x->value[x->input];
}

struct view infer_output(const struct infer *x, size_t i)
{
    return x->value[x->wanted[i]];
}

static void run_step(const struct infer *x, const struct step *s)
{
    const struct node *node = &x->graph.node[s->node];
    const struct view *out = &x->value[s->out], *in = &x->value[node->input[0]];
    const struct view *residual = s->residual >= 0 ? &x->value[s->residual] : NULL;
    struct view framed; /* the residual where its frame differs from out's: summed after the convolution */
    view_clear_halo(out);
    if (has_weights(node->op)) {
        const bool apart = residual && residual->halo != out->halo;
        const struct conv_epilogue e = {.bias = s->shift,
                                        .residual = residual && !apart ? view_at(residual, 0, 0, 0) : NULL,
                                        .relu = s->relu && !apart};
        convolution_forward(out, in, s->packed, &e, &node->conv);
        framed = *out;
        if (apart)
            pointwise_forward(out, &framed, NULL, NULL, residual, s->relu);
    } else if (node->op == OP_MAXPOOL) {
        maxpool_forward(out, in, node->conv.kernel, node->conv.stride, node->conv.padding);
    } else if (node->op == OP_MEANPOOL) {
        meanpool_forward(out, in);
    } else {
        pointwise_forward(out, in, s->scale, s->shift, residual, s->relu);
    }
}

void infer_run(struct infer *x)
{
    view_clear_halo(&x->value[x->input]);
    for (size_t s = 0; s < x->steps; s++)
        run_step(x, &x->step[s]);
}

size_t infer_weight_bytes(const struct infer *x)
{
    return x->weights_n * sizeof(float);
}

size_t infer_arena_bytes(const struct infer *x)
{
    return x->arena_n * sizeof(float);
}

void infer_free(struct infer *x)
{
    if (!x)
        return;
    for (size_t s = 0; s < x->steps; s++) {
        free(x->step[s].packed);
        free(x->step[s].scale);
        free(x->step[s].shift);
    }
    free(x->graph.node);
    free(x->wanted);
    free(x->needed);
    free(x->consumers);
    free(x->side);
    free(x->step);
    free(x->value);
    free(x->arena);
    free(x);
}
