/* When each value and gradient lives, and so where. Forward step i happens at time i, its backward at 2 * steps - 1 - i. A
 * gradient is gathered: whoever reads a value adds what it sends back, the first of them in backward's order begins. */
#include "base/mem.h"
#include "base/size.h"
#include "nn/memory_plan.h"
#include "nn/trainer_parts.h"
#include <stdlib.h>

struct lives {
    struct memory_buffer *value, *gradient; /* of each root; one array, values first */
};

static size_t root_of(const struct trainer *t, size_t node)
{
    return t->schedule.place[node].root;
}

static void value_alive(const struct trainer *t, const struct lives *l, size_t node, size_t time)
{
    memory_alive(&l->value[root_of(t, node)], view_bytes(&t->value[node]), time);
}

static void shape_value(struct trainer *t, size_t node)
{
    t->value[node] = schedule_view(&t->schedule, &t->graph, node, t->n, t->schedule.halo[root_of(t, node)]);
}

static void plan_inputs(struct trainer *t, const struct lives *l)
{
    t->images = xcalloc(t->schedule.inputs, sizeof *t->images);
    for (size_t i = 0; i < t->schedule.inputs; i++) {
        const size_t input = t->schedule.input[i];
        if (!t->schedule.needed[input])
            continue;
        shape_value(t, input);
        value_alive(t, l, input, 0);
        t->images[i] = t->value[input];
        t->images[i].halo = 0;
        t->images[i].type = DT_F32;
        t->working_bytes += view_bytes(&t->images[i]);
    }
}

static void plan_values(struct trainer *t, const struct lives *l)
{
    const size_t steps = t->schedule.steps;
    plan_inputs(t, l);
    for (size_t i = 0; i < steps; i++) {
        const struct schedule_step *s = &t->schedule.step[i];
        const struct graph_node *node = &t->graph.node[s->node];
        const size_t back = t->state[i].backward ? 2 * steps - 1 - i : i;
        shape_value(t, s->out);
        value_alive(t, l, s->out, i);
        if (s->relu || node->layer->keeps_output)
            value_alive(t, l, s->out, back);
        for (size_t j = 0; j < node->inputs; j++)
            value_alive(t, l, node->input[j], node->layer->keeps_input ? back : i);
        if (s->residual >= 0)
            value_alive(t, l, (size_t)s->residual, i);
    }
    for (size_t i = 0; i < t->outputs; i++)
        value_alive(t, l, t->output[i], steps);
}

/* The frame that the gradients in a root's memory need: what the layers that made their values ask for. */
static void find_gradient_halos(const struct trainer *t, size_t *halo)
{
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct graph_node *node = &t->graph.node[t->schedule.step[i].node];
        const size_t wanted = node->layer->gradient_halo ? node->layer->gradient_halo(node) : 0;
        size_t *at = &halo[root_of(t, t->schedule.step[i].out)];
        *at = wanted > *at ? wanted : *at;
    }
}

static struct trainer_flow flow(const struct trainer *t, const struct lives *l, size_t node, bool part,
                                size_t time)
{
    struct memory_buffer *b = &l->gradient[root_of(t, node)];
    struct trainer_flow f = {.wanted = t->learns[node]};
    if (!f.wanted)
        return f;
    f.accumulate = b->size > 0;
    f.clear = !f.accumulate && (part || !schedule_whole(&t->schedule, &t->graph, node));
    f.accumulate |= f.clear;
    memory_alive(b, view_bytes(&t->gradient[node]), time);
    return f;
}

/* Slices and concatenations that lie in each other's memory send nothing: the gradient is there already, and what was copied
 * because it is there twice is added to it. */
static bool same_memory(const struct trainer *t, size_t a, size_t b)
{
    return root_of(t, a) == root_of(t, b);
}

static void plan_step_gradients(struct trainer *t, const struct lives *l, size_t i)
{
    const size_t time = 2 * t->schedule.steps - 1 - i;
    const struct schedule_step *s = &t->schedule.step[i];
    const struct graph_node *node = &t->graph.node[s->node];
    struct trainer_step *state = &t->state[i];
    if (!state->backward)
        return;
    memory_alive(&l->gradient[root_of(t, s->out)], view_bytes(&t->gradient[s->out]), time);
    for (size_t j = 0; j < node->inputs; j++) {
        if (same_memory(t, node->input[j], s->out))
            state->input[j] = (struct trainer_flow){.wanted = t->learns[node->input[j]], .accumulate = true};
        else
            state->input[j] = flow(t, l, node->input[j], node->layer == &layer_slice, time);
    }
    if (s->residual >= 0)
        state->residual = flow(t, l, (size_t)s->residual, false, time);
}

static void plan_gradients(struct trainer *t, const struct lives *l)
{
    const size_t steps = t->schedule.steps;
    size_t *halo = xcalloc(t->graph.n, sizeof *halo);
    find_gradient_halos(t, halo);
    for (size_t i = 0; i < t->graph.n; i++)
        if (t->learns[i])
            t->gradient[i] = schedule_view(&t->schedule, &t->graph, i, t->n, halo[root_of(t, i)]);
    free(halo);
    t->clear_output = xcalloc(t->outputs, sizeof *t->clear_output);
    for (size_t i = 0; i < t->outputs; i++)
        t->clear_output[i] = flow(t, l, t->output[i], false, steps).clear;
    for (size_t i = steps; i-- > 0;)
        plan_step_gradients(t, l, i);
    for (size_t i = 0; i < t->schedule.inputs; i++)
        if (t->learns[t->schedule.input[i]] && t->schedule.needed[t->schedule.input[i]])
            flow(t, l, t->schedule.input[i], false, 2 * steps);
}

/* What the steps want of working memory, and of memory to keep. */
static void take_working_memory(struct trainer *t)
{
    size_t prepared = 0, scratch = 0, added = 0;
    for (size_t i = 0; i < t->schedule.steps; i++) {
        struct layer_wants w = {0};
        const struct layer_call l = trainer_call(t, i);
        if (l.node->layer->wants)
            l.node->layer->wants(&w, &l);
        prepared = size_most(prepared, w.prepared);
        scratch = size_most(scratch, w.scratch);
        t->state[i].kept = xaligned(w.kept, 1);
        t->working_bytes += w.kept;
        for (size_t j = 0; j < l.node->inputs; j++)
            if (t->state[i].input[j].accumulate && !l.node->layer->accumulates)
                added = size_most(added, view_bytes(&t->gradient[l.node->input[j]]));
    }
    t->working_bytes += prepared + scratch + added;
    mem_need(t->arena_bytes + t->working_bytes, "the network's activations and their gradients");
    t->prepared = xaligned(prepared, 1);
    t->scratch = xaligned(scratch, 1);
    t->added = xaligned(added, 1);
    for (size_t i = 0; i < t->schedule.inputs; i++)
        if (t->images[i].n)
            t->images[i].data = xaligned(view_bytes(&t->images[i]), 1);
}

void trainer_plan_memory(struct trainer *t)
{
    const size_t nodes = t->graph.n;
    struct memory_buffer *buffer = xcalloc(2 * nodes, sizeof *buffer);
    const struct lives lives = {buffer, buffer + nodes};
    t->value = xcalloc(nodes, sizeof *t->value);
    t->gradient = xcalloc(nodes, sizeof *t->gradient);
    plan_values(t, &lives);
    plan_gradients(t, &lives);
    t->arena_bytes = memory_plan(buffer, 2 * nodes);
    take_working_memory(t);
    t->arena = xaligned(t->arena_bytes, 1);
    for (size_t i = 0; i < nodes; i++) {
        const size_t root = root_of(t, i);
        if (lives.value[root].size)
            schedule_locate(&t->value[i], &t->schedule, i, t->arena + lives.value[root].offset);
        if (lives.gradient[root].size && t->learns[i])
            schedule_locate(&t->gradient[i], &t->schedule, i, t->arena + lives.gradient[root].offset);
    }
    free(buffer);
}
