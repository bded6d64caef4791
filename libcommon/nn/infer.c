#include "nn/infer.h"
#include "base/mem.h"
#include "nn/memory_plan.h"
#include "nn/pointwise.h"
#include "nn/pool.h"
#include "nn/schedule.h"
#include "nn/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a step computes with: a convolution's packed weights and its bias (`shift`), or a batch norm's scale
 * and shift. */
struct constants {
    float *packed, *scale, *shift;
};

struct infer {
    struct graph graph; /* its own copy */
    struct schedule schedule;
    struct constants *constants; /* of each step */
    struct view *value;          /* of the input and of each node that a step writes */
    size_t *wanted, wanted_n;
    float *arena;
    size_t arena_n, weights_n;
};

static bool has_weights(enum op op)
{
    return op == OP_CONV || op == OP_LINEAR;
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

static void take_weights(struct infer *x, size_t step, const struct safetensors *st, const char *file)
{
    const struct step *s = &x->schedule.step[step];
    struct constants *k = &x->constants[step];
    const struct node *node = &x->graph.node[s->node];
    struct weights_part part[WEIGHTS_PARTS];
    const size_t parts = weights_parts(part, node);
    if (!has_weights(node->op) && s->batchnorm < 0)
        return;
    /* a panel's worth at the least: kernels read biases by panels */
    k->shift = xcalloc((node->channels + CONV_PANEL - 1) / CONV_PANEL * CONV_PANEL, sizeof *k->shift);
    if (has_weights(node->op) && parts == 2) {
        float *bias = weights_take(st, file, &part[1]);
        memcpy(k->shift, bias, node->channels * sizeof *bias);
        free(bias);
    }
    if (s->batchnorm >= 0)
        take_batchnorm(k, &x->graph.node[s->batchnorm], st, file);
    if (has_weights(node->op)) {
        const size_t n = conv_packed_size(convolution_depth(&node->conv), node->channels);
        float *weight = weights_take(st, file, &part[0]);
        k->packed = xaligned(n, sizeof *k->packed);
        convolution_pack(k->packed, weight, k->scale, &node->conv);
        x->weights_n += n;
        free(weight);
    }
}

static void place(struct infer *x, struct buffer *buffer, size_t value, size_t n, size_t step)
{
    x->value[value] = (struct view){.n = n,
                                    .h = x->schedule.side[2 * value],
                                    .w = x->schedule.side[2 * value + 1],
                                    .c = x->graph.node[value].channels,
                                    .halo = x->schedule.halo[value]};
    buffer[value] = (struct buffer){.size = view_size(&x->value[value]), .first = step, .last = step};
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
    schedule_make(&x->schedule, g, wanted, wanted_n, true, h, w);
    x->constants = xcalloc(x->schedule.steps, sizeof *x->constants);
    for (size_t s = 0; s < x->schedule.steps; s++)
        take_weights(x, s, st, file);
    plan(x, n);
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

static void run_step(const struct infer *x, const struct step *s, const struct constants *k)
{
    const struct node *node = &x->graph.node[s->node];
    const struct view *out = &x->value[s->out], *in = &x->value[node->input[0]];
    const struct view *residual = s->residual >= 0 ? &x->value[s->residual] : NULL;
    struct view framed; /* the residual where its frame differs from out's: summed after the convolution */
    view_clear_halo(out);
    if (has_weights(node->op)) {
        const bool apart = residual && residual->halo != out->halo;
        const struct conv_epilogue e = {.bias = k->shift,
                                        .residual = residual && !apart ? view_at(residual, 0, 0, 0) : NULL,
                                        .relu = s->relu && !apart};
        convolution_forward(out, in, k->packed, &e, &node->conv);
        framed = *out;
        if (apart)
            pointwise_forward(out, &framed, NULL, NULL, residual, s->relu);
    } else if (node->op == OP_MAXPOOL) {
        maxpool_forward(out, in, node->conv.kernel, node->conv.stride, node->conv.padding);
    } else if (node->op == OP_MEANPOOL) {
        meanpool_forward(out, in);
    } else {
        pointwise_forward(out, in, k->scale, k->shift, residual, s->relu);
    }
}

void infer_run(struct infer *x)
{
    view_clear_halo(&x->value[x->schedule.input]);
    for (size_t s = 0; s < x->schedule.steps; s++)
        run_step(x, &x->schedule.step[s], &x->constants[s]);
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
    for (size_t s = 0; s < x->schedule.steps; s++) {
        free(x->constants[s].packed);
        free(x->constants[s].scale);
        free(x->constants[s].shift);
    }
    free(x->graph.node);
    free(x->wanted);
    free(x->constants);
    schedule_free(&x->schedule);
    free(x->value);
    free(x->arena);
    free(x);
}
