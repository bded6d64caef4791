#include "nn/trainer.h"
#include "base/err.h"
#include "base/mem.h"
#include "nn/batchnorm.h"
#include "nn/memory_plan.h"
#include "nn/pool.h"
#include "nn/schedule.h"
#include "nn/weights.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a step computes with: offsets into the flat arrays. */
struct step_state {
    size_t weight, bias;   /* into values and gradients */
    size_t mean, variance; /* into statistics */
    float *batch;          /* a batch norm's mean and inverse deviation of the last batch */
    bool accumulate_input, accumulate_residual; /* a later step has written that gradient already */
};

struct trainer {
    struct graph graph; /* its own copy */
    struct schedule schedule;
    struct step_state *state;
    struct parameter *parameter;
    size_t parameters, parameter_capacity;
    float *values, *gradients, *statistics;
    size_t values_n, statistics_n;
    struct view *value, *gradient; /* of each node */
    size_t output;
    float *arena, *turned;
    size_t arena_n;
};

static bool is_product(const struct node *node)
{
    return node->op == OP_CONV || node->op == OP_LINEAR;
}

static size_t packed_size(const struct node *node)
{
    return conv_packed_size(convolution_depth(&node->conv), node->channels);
}

/* Biases are padded to whole panels as well: kernels read them so. */
static size_t panel_size(size_t channels)
{
    return (channels + CONV_PANEL - 1) / CONV_PANEL * CONV_PANEL;
}

static size_t add_parameter(struct trainer *t, size_t node, const char *suffix, size_t n, bool decays)
{
    struct parameter p = {.node = node, .offset = t->values_n, .n = n, .decays = decays};
    snprintf(p.name, sizeof p.name, "%s.%s", t->graph.node[node].name, suffix);
    t->parameter = xgrow(t->parameter, t->parameters, &t->parameter_capacity, sizeof *t->parameter);
    t->parameter[t->parameters++] = p;
    t->values_n += n;
    return p.offset;
}

static void lay_out_parameters(struct trainer *t)
{
    t->state = xcalloc(t->schedule.steps, sizeof *t->state);
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct step *step = &t->schedule.step[i];
        const struct node *node = &t->graph.node[step->node];
        struct step_state *s = &t->state[i];
        if (is_product(node)) {
            s->weight = add_parameter(t, step->node, "weight", packed_size(node), true);
            if (node->bias)
                s->bias = add_parameter(t, step->node, "bias", panel_size(node->channels), false);
        } else if (node->op == OP_BATCHNORM) {
            s->weight = add_parameter(t, step->node, "weight", node->channels, false);
            s->bias = add_parameter(t, step->node, "bias", node->channels, false);
            s->mean = t->statistics_n;
            s->variance = t->statistics_n + node->channels;
            t->statistics_n += 2 * node->channels;
            s->batch = xmalloc(2 * node->channels, sizeof *s->batch);
        } else if (node->op != OP_MAXPOOL && node->op != OP_MEANPOOL) {
            die("a sum or ReLU that does not follow a batch norm can't be trained");
        }
    }
}

static void take_parameters(struct trainer *t, const struct safetensors *st, const char *file)
{
    const size_t bytes = (2 * t->values_n + t->statistics_n) * sizeof(float);
    mem_need(bytes, "the network's parameters and gradients");
    t->values = xcalloc(t->values_n, sizeof *t->values);
    t->gradients = xcalloc(t->values_n, sizeof *t->gradients);
    t->statistics = xcalloc(t->statistics_n, sizeof *t->statistics);
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct node *node = &t->graph.node[t->schedule.step[i].node];
        const struct step_state *s = &t->state[i];
        struct weights_part part[WEIGHTS_PARTS];
        const size_t parts = weights_parts(part, node);
        float *to[4] = {t->values + s->weight, t->values + s->bias, t->statistics + s->mean,
                        t->statistics + s->variance};
        for (size_t p = 0; p < parts; p++) {
            float *data = weights_take(st, file, &part[p]);
            if (p == 0 && is_product(node))
                convolution_pack(to[p], data, NULL, &node->conv);
            else
                memcpy(to[p], data, node->channels * sizeof *data);
            free(data);
        }
    }
}

/* Lifetimes: forward step i happens at time i, its backward at 2 * steps - 1 - i. */
struct lives {
    struct buffer *value, *gradient; /* one array, values first */
};

static void extend(struct buffer *b, size_t time)
{
    b->first = time < b->first ? time : b->first;
    b->last = time > b->last ? time : b->last;
}

static struct view shaped(const struct trainer *t, size_t node, size_t n, size_t halo)
{
    return (struct view){
        NULL, n, t->schedule.side[2 * node], t->schedule.side[2 * node + 1], t->graph.node[node].channels,
        halo};
}

static void start_life(struct buffer *b, const struct view *v, size_t time)
{
    *b = (struct buffer){.size = view_size(v), .first = time, .last = time};
}

static void plan_values(struct trainer *t, const struct lives *l, size_t n)
{
    const size_t steps = t->schedule.steps, input = t->schedule.input;
    t->value[input] = shaped(t, input, n, t->schedule.halo[input]);
    start_life(&l->value[input], &t->value[input], 0);
    for (size_t i = 0; i < steps; i++) {
        const struct step *s = &t->schedule.step[i];
        const struct node *node = &t->graph.node[s->node];
        const size_t back = 2 * steps - 1 - i, in = node->input[0];
        t->value[s->out] = shaped(t, s->out, n, t->schedule.halo[s->out]);
        start_life(&l->value[s->out], &t->value[s->out], i);
        if (s->out == t->output || s->relu)
            extend(&l->value[s->out], s->relu ? back : steps);
        extend(&l->value[in], node->op == OP_MEANPOOL ? i : back);
        if (s->residual >= 0)
            extend(&l->value[s->residual], i);
    }
}

/* Notes a contribution to a node's gradient at a time; whether there was one before. */
static bool contribute(struct trainer *t, const struct lives *l, size_t node, size_t n, size_t halo,
                       size_t time)
{
    if (l->gradient[node].size) {
        extend(&l->gradient[node], time);
        return true;
    }
    t->gradient[node] = shaped(t, node, n, halo);
    start_life(&l->gradient[node], &t->gradient[node], time);
    return false;
}

/* The halo that the gradient of a node's value needs: what the convolution that made it asks for. */
static size_t gradient_halo(const struct trainer *t, size_t node)
{
    return t->graph.node[node].op == OP_CONV ? convolution_gradient_halo(&t->graph.node[node].conv) : 0;
}

static void plan_gradients(struct trainer *t, const struct lives *l, size_t n)
{
    const size_t steps = t->schedule.steps;
    contribute(t, l, t->output, n, gradient_halo(t, t->output), steps);
    for (size_t i = steps; i-- > 0;) {
        const struct step *s = &t->schedule.step[i];
        const size_t back = 2 * steps - 1 - i, in = t->graph.node[s->node].input[0];
        extend(&l->gradient[s->out], back);
        if (in != t->schedule.input)
            t->state[i].accumulate_input = contribute(t, l, in, n, gradient_halo(t, in), back);
        if (s->residual >= 0)
            t->state[i].accumulate_residual =
                contribute(t, l, (size_t)s->residual, n, gradient_halo(t, (size_t)s->residual), back);
    }
}

static void plan(struct trainer *t, size_t n)
{
    const size_t nodes = t->graph.n;
    struct buffer *buffer = xcalloc(2 * nodes, sizeof *buffer);
    const struct lives lives = {buffer, buffer + nodes};
    size_t turned = 0;
    t->value = xcalloc(nodes, sizeof *t->value);
    t->gradient = xcalloc(nodes, sizeof *t->gradient);
    plan_values(t, &lives, n);
    plan_gradients(t, &lives, n);
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct node *node = &t->graph.node[t->schedule.step[i].node];
        if (is_product(node) && convolution_turned_size(&node->conv) > turned)
            turned = convolution_turned_size(&node->conv);
    }
    t->arena_n = memory_plan(buffer, 2 * nodes);
    mem_need((t->arena_n + turned) * sizeof(float), "the network's activations and their gradients");
    t->arena = xaligned(t->arena_n, sizeof *t->arena);
    t->turned = xaligned(turned, sizeof *t->turned);
    for (size_t i = 0; i < nodes; i++) {
        t->value[i].data = t->arena + lives.value[i].offset;
        t->gradient[i].data = t->arena + lives.gradient[i].offset;
    }
    free(buffer);
}

struct trainer *trainer_new(const struct graph *g, const struct safetensors *st, const char *file,
                            size_t output, size_t n, size_t h, size_t w)
{
    struct trainer *t = xcalloc(1, sizeof *t);
    t->graph = *g;
    t->graph.node = memcpy(xmalloc(g->n, sizeof *g->node), g->node, g->n * sizeof *g->node);
    t->output = output;
    schedule_make(&t->schedule, g, &output, 1, false, h, w);
    lay_out_parameters(t);
    take_parameters(t, st, file);
    plan(t, n);
    return t;
}

void trainer_free(struct trainer *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->schedule.steps; i++)
        free(t->state[i].batch);
    free(t->graph.node);
    schedule_free(&t->schedule);
    free(t->state);
    free(t->parameter);
    free(t->values);
    free(t->gradients);
    free(t->statistics);
    free(t->value);
    free(t->gradient);
    free(t->arena);
    free(t->turned);
    free(t);
}

struct view trainer_input(const struct trainer *t)
{
    return t->value[t->schedule.input];
}

struct view trainer_output(const struct trainer *t)
{
    return t->value[t->output];
}

struct view trainer_output_gradient(const struct trainer *t)
{
    return t->gradient[t->output];
}

static struct batchnorm batchnorm_of(const struct trainer *t, const struct step_state *s, size_t channels)
{
    return (struct batchnorm){.channels = channels,
                              .weight = t->values + s->weight,
                              .bias = t->values + s->bias,
                              .running_mean = t->statistics + s->mean,
                              .running_var = t->statistics + s->variance,
                              .weight_gradient = t->gradients + s->weight,
                              .bias_gradient = t->gradients + s->bias,
                              .mean = s->batch,
                              .inverse = s->batch + channels};
}

static void step_forward(const struct trainer *t, const struct step *step, const struct step_state *s)
{
    const struct node *node = &t->graph.node[step->node];
    const struct view *out = &t->value[step->out], *in = &t->value[node->input[0]];
    view_clear_halo(out);
    if (is_product(node)) {
        const struct conv_epilogue e = {.bias = node->bias ? t->values + s->bias : NULL};
        convolution_forward(out, in, t->values + s->weight, &e, &node->conv);
    } else if (node->op == OP_BATCHNORM) {
        const struct batchnorm b = batchnorm_of(t, s, node->channels);
        batchnorm_forward(out, in, step->residual >= 0 ? &t->value[step->residual] : NULL, step->relu, &b);
    } else if (node->op == OP_MAXPOOL) {
        maxpool_forward(out, in, node->conv.kernel, node->conv.stride, node->conv.padding);
    } else {
        meanpool_forward(out, in);
    }
}

void trainer_forward(struct trainer *t)
{
    view_clear_halo(&t->value[t->schedule.input]);
    for (size_t i = 0; i < t->schedule.steps; i++)
        step_forward(t, &t->schedule.step[i], &t->state[i]);
}

static void bias_backward(float *gradient, const struct view *dy)
{
    for (size_t n = 0; n < dy->n; n++)
        for (size_t y = 0; y < dy->h; y++)
            for (size_t x = 0; x < dy->w; x++)
                for (size_t c = 0; c < dy->c; c++)
                    gradient[c] += view_at(dy, n, (ptrdiff_t)y, (ptrdiff_t)x)[c];
}

static void product_backward(const struct trainer *t, const struct node *node, const struct step_state *s,
                             const struct view *dy)
{
    const size_t in = node->input[0];
    convolution_backward_weights(t->gradients + s->weight, &t->value[in], dy, &node->conv);
    if (node->bias)
        bias_backward(t->gradients + s->bias, dy);
    if (in == t->schedule.input)
        return;
    view_clear_halo(dy);
    convolution_turn(t->turned, t->values + s->weight, &node->conv);
    convolution_backward_data(&t->gradient[in], dy, t->turned, s->accumulate_input, &node->conv);
}

static void step_backward(const struct trainer *t, const struct step *step, const struct step_state *s)
{
    const struct node *node = &t->graph.node[step->node];
    const size_t in = node->input[0];
    const struct view *dy = &t->gradient[step->out], *dx = &t->gradient[in], *x = &t->value[in];
    if (!is_product(node) && s->accumulate_input)
        die("layer '%s' shares its input with another: this network can't be trained", node->name);
    if (is_product(node)) {
        product_backward(t, node, s, dy);
    } else if (node->op == OP_BATCHNORM) {
        const struct batchnorm b = batchnorm_of(t, s, node->channels);
        batchnorm_backward(dx, step->residual >= 0 ? &t->gradient[step->residual] : NULL,
                           s->accumulate_residual, dy, step->relu ? &t->value[step->out] : NULL, x, &b);
    } else if (node->op == OP_MAXPOOL) {
        maxpool_backward(dx, dy, x, node->conv.kernel, node->conv.stride, node->conv.padding);
    } else {
        meanpool_backward(dx, dy);
    }
}

void trainer_backward(struct trainer *t)
{
    for (size_t i = t->schedule.steps; i-- > 0;)
        step_backward(t, &t->schedule.step[i], &t->state[i]);
}

float *trainer_values(const struct trainer *t, size_t *n)
{
    *n = t->values_n;
    return t->values;
}

float *trainer_gradients(const struct trainer *t)
{
    return t->gradients;
}

const struct parameter *trainer_parameters(const struct trainer *t, size_t *n)
{
    *n = t->parameters;
    return t->parameter;
}

float *trainer_statistics(const struct trainer *t, size_t *n)
{
    *n = t->statistics_n;
    return t->statistics;
}

size_t trainer_parameter_copy(const struct trainer *t, const float *array, const struct parameter *p,
                              float *out)
{
    const struct node *node = &t->graph.node[p->node];
    if (p->decays) {
        convolution_unpack(out, array + p->offset, &node->conv);
        return convolution_depth(&node->conv) * node->channels;
    }
    memcpy(out, array + p->offset, node->channels * sizeof *out);
    return node->channels;
}

void trainer_export(const struct trainer *t, const float *values, struct safetensors *st)
{
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct node *node = &t->graph.node[t->schedule.step[i].node];
        const struct step_state *s = &t->state[i];
        struct weights_part part[WEIGHTS_PARTS];
        const size_t parts = weights_parts(part, node);
        const float *from[4] = {values + s->weight, values + s->bias, t->statistics + s->mean,
                                t->statistics + s->variance};
        for (size_t p = 0; p < parts; p++) {
            struct tensor out = tensor_new(DT_F32, part[p].shape.rank, part[p].shape.dim);
            if (p == 0 && is_product(node))
                convolution_unpack(out.data, from[p], &node->conv);
            else
                memcpy(out.data, from[p], node->channels * sizeof(float));
            safetensors_add_owned(st, part[p].name, out);
        }
    }
}

size_t trainer_arena_bytes(const struct trainer *t)
{
    return t->arena_n * sizeof(float);
}

size_t trainer_parameter_bytes(const struct trainer *t)
{
    return (2 * t->values_n + t->statistics_n) * sizeof(float);
}
