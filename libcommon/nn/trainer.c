#include "base/err.h"
#include "base/mem.h"
#include "nn/trainer_parts.h"
#include "nn/weights.h"
#include <stdlib.h>
#include <string.h>

static bool begins_so(const char *name, const char *const *beginning)
{
    for (; beginning && *beginning; beginning++)
        if (strncmp(name, *beginning, strlen(*beginning)) == 0)
            return true;
    return false;
}

static void add_parameter(struct trainer *t, const struct layer_part *part, size_t node, size_t p,
                          bool trained)
{
    struct trainer_parameter parameter = {.node = node,
                                          .part = p,
                                          .offset = t->values_n,
                                          .n = part->floats,
                                          .packed = part->packed,
                                          .trained = trained,
                                          .decays = part->decays && trained};
    memcpy(parameter.name, part->name, sizeof parameter.name);
    t->parameter = xgrow(t->parameter, t->parameters, &t->parameter_capacity, sizeof *t->parameter);
    t->parameter[t->parameters++] = parameter;
    t->values_n += part->floats;
}

static void lay_out_step(struct trainer *t, size_t step, const struct trainer_plan *plan)
{
    struct trainer_step *s = &t->state[step];
    const size_t node = t->schedule.step[step].node;
    struct layer_part part[LAYER_PARTS];
    s->parts = layer_parts(part, &t->graph.node[node]);
    for (size_t p = 0; p < s->parts; p++) {
        s->learnt[p] = part[p].learnt;
        s->trained[p] = part[p].learnt && !begins_so(part[p].name, plan->frozen);
        s->offset[p] = part[p].learnt ? t->values_n : t->statistics_n;
        s->fixed_statistics |= begins_so(part[p].name, plan->fixed);
        if (part[p].learnt)
            add_parameter(t, &part[p], node, p, s->trained[p]);
        else
            t->statistics_n += part[p].floats;
    }
}

/* Which values depend on what learns, and so which steps have a backward. */
static void find_learning(struct trainer *t, const struct trainer_plan *plan)
{
    t->learns = xcalloc(t->graph.n, sizeof *t->learns);
    for (size_t i = 0; i < t->schedule.inputs; i++)
        t->learns[t->schedule.input[i]] = plan->input_gradients;
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct schedule_step *step = &t->schedule.step[i];
        const struct graph_node *node = &t->graph.node[step->node];
        struct trainer_step *s = &t->state[i];
        for (size_t p = 0; p < s->parts; p++)
            s->backward |= s->trained[p];
        for (size_t j = 0; j < node->inputs; j++)
            s->backward |= t->learns[node->input[j]];
        s->backward |= step->residual >= 0 && t->learns[step->residual];
        t->learns[step->out] = s->backward;
        if (s->backward && !node->layer->backward)
            die("a layer (%s) can't be trained", node->layer->name);
    }
}

static float *part_of(const struct trainer *t, const float *values, const struct trainer_step *s, size_t p)
{
    return (s->learnt[p] ? (float *)values : t->statistics) + s->offset[p];
}

static void take_parameters(struct trainer *t, const struct safetensors *st, const char *file)
{
    const size_t bytes = (2 * t->values_n + t->statistics_n) * sizeof(float);
    mem_need(bytes, "the network's parameters and gradients");
    t->values = xcalloc(t->values_n, sizeof *t->values);
    t->gradients = xcalloc(t->values_n, sizeof *t->gradients);
    t->statistics = xcalloc(t->statistics_n, sizeof *t->statistics);
    t->running = xcalloc(t->statistics_n, sizeof *t->running);
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct graph_node *node = &t->graph.node[t->schedule.step[i].node];
        struct layer_part part[LAYER_PARTS];
        layer_parts(part, node);
        for (size_t p = 0; p < t->state[i].parts; p++) {
            weights_take(part_of(t, t->values, &t->state[i], p), st, file, &part[p], node);
            if (part[p].running && !t->state[i].fixed_statistics)
                memset(t->running + t->state[i].offset[p], true, part[p].floats);
        }
    }
}

/* A loss's gradient goes where the value's gradient is gathered: two in one memory would be one. */
static void check_outputs(const struct trainer *t)
{
    for (size_t i = 0; i < t->outputs; i++)
        for (size_t j = 0; j < i; j++)
            if (t->schedule.place[t->output[i]].root == t->schedule.place[t->output[j]].root)
                die("outputs %zu and %zu share their memory: no two losses can see them", j, i);
}

struct trainer *trainer_new(const struct graph *g, const struct safetensors *st, const char *file,
                            const struct trainer_plan *p)
{
    const struct schedule_plan plan = {.wanted = p->output,
                                       .wanted_n = p->outputs,
                                       .h = p->h,
                                       .w = p->w,
                                       .side = p->side,
                                       .precision = p->precision};
    struct trainer *t = xcalloc(1, sizeof *t);
    t->graph = *g;
    t->graph.node = memcpy(xmalloc(g->n, sizeof *g->node), g->node, g->n * sizeof *g->node);
    t->output = memcpy(xmalloc(p->outputs, sizeof *p->output), p->output, p->outputs * sizeof *p->output);
    t->outputs = p->outputs;
    t->n = p->n;
    t->log_determinant = xcalloc(p->n, sizeof *t->log_determinant);
    t->d_log_determinant = xcalloc(p->n, sizeof *t->d_log_determinant);
    schedule_make(&t->schedule, &t->graph, &plan);
    check_outputs(t);
    t->state = xcalloc(t->schedule.steps, sizeof *t->state);
    for (size_t i = 0; i < t->schedule.steps; i++)
        lay_out_step(t, i, p);
    find_learning(t, p);
    take_parameters(t, st, file);
    trainer_plan_memory(t);
    return t;
}

void trainer_free(struct trainer *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->schedule.steps; i++)
        free(t->state[i].kept);
    for (size_t i = 0; i < t->schedule.inputs; i++)
        free(t->images[i].data);
    schedule_free(&t->schedule);
    void *all[] = {t->graph.node, t->log_determinant, t->d_log_determinant,
                   t->state,      t->parameter,       t->values,
                   t->gradients,  t->statistics,      t->learns,
                   t->value,      t->gradient,        t->images,
                   t->output,     t->clear_output,    t->arena,
                   t->prepared,   t->scratch,         t->added,
                   t->running};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(t);
}

struct view trainer_input(const struct trainer *t, size_t i)
{
    return t->images[i];
}

struct view trainer_output(const struct trainer *t, size_t i)
{
    return t->value[t->output[i]];
}

struct view trainer_output_gradient(const struct trainer *t, size_t i)
{
    return t->gradient[t->output[i]];
}

struct view trainer_input_gradient(const struct trainer *t, size_t i)
{
    return t->gradient[t->schedule.input[i]];
}

const double *trainer_log_determinants(const struct trainer *t)
{
    return t->log_determinant;
}

double *trainer_log_determinant_gradients(const struct trainer *t)
{
    return t->d_log_determinant;
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

const struct trainer_parameter *trainer_parameters(const struct trainer *t, size_t *n)
{
    *n = t->parameters;
    return t->parameter;
}

float *trainer_statistics(const struct trainer *t, size_t *n)
{
    *n = t->statistics_n;
    return t->statistics;
}

const bool *trainer_running(const struct trainer *t)
{
    return t->running;
}

size_t trainer_parameter_copy(const struct trainer *t, const float *array, const struct trainer_parameter *p,
                              float *out)
{
    const struct graph_node *node = &t->graph.node[p->node];
    struct layer_part part[LAYER_PARTS];
    layer_parts(part, node);
    const size_t n = tensor_count(&part[p->part].shape);
    if (p->packed)
        node->layer->unpack(out, array + p->offset, node);
    else
        memcpy(out, array + p->offset, n * sizeof *out);
    return n;
}

void trainer_export(const struct trainer *t, const float *values, struct safetensors *st)
{
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct graph_node *node = &t->graph.node[t->schedule.step[i].node];
        struct layer_part part[LAYER_PARTS];
        layer_parts(part, node);
        for (size_t p = 0; p < t->state[i].parts; p++)
            weights_give(st, part_of(t, values, &t->state[i], p), &part[p], node);
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
