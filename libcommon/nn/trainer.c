#include "base/err.h"
#include "base/mem.h"
#include "nn/trainer_parts.h"
#include "nn/weights.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        if (node_is_product(node)) {
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
            if (p == 0 && node_is_product(node))
                convolution_pack(to[p], data, NULL, &node->conv);
            else
                memcpy(to[p], data, node->channels * sizeof *data);
            free(data);
        }
    }
}

struct trainer *trainer_new(const struct graph *g, const struct safetensors *st, const char *file,
                            const struct trainer_plan *p)
{
    struct trainer *t = xcalloc(1, sizeof *t);
    t->graph = *g;
    t->graph.node = memcpy(xmalloc(g->n, sizeof *g->node), g->node, g->n * sizeof *g->node);
    t->output = p->output;
    schedule_make(&t->schedule, g, &p->output, 1, false, p->h, p->w, p->precision);
    lay_out_parameters(t);
    take_parameters(t, st, file);
    trainer_plan_memory(t, p->n);
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
    free(t->images.data);
    free(t->filter);
    free(t->scratch);
    free(t->turned);
    free(t);
}

struct view trainer_input(const struct trainer *t)
{
    return t->images;
}

struct view trainer_output(const struct trainer *t)
{
    return t->value[t->output];
}

struct view trainer_output_gradient(const struct trainer *t)
{
    return t->gradient[t->output];
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
            if (p == 0 && node_is_product(node))
                convolution_unpack(out.data, from[p], &node->conv);
            else
                memcpy(out.data, from[p], node->channels * sizeof(float));
            safetensors_add_owned(st, part[p].name, out);
        }
    }
}

size_t trainer_arena_bytes(const struct trainer *t)
{
    return t->arena_bytes + t->working_bytes;
}

size_t trainer_parameter_bytes(const struct trainer *t)
{
    return (2 * t->values_n + t->statistics_n) * sizeof(float);
}
