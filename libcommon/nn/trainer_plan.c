#include "base/mem.h"
#include "nn/filter.h"
#include "nn/memory_plan.h"
#include "nn/trainer_parts.h"
#include <stdlib.h>

static size_t at_least(size_t a, size_t b)
{
    return a > b ? a : b;
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
    struct view v = schedule_view(&t->schedule, &t->graph, node, n);
    v.halo = halo;
    return v;
}

static void start_life(struct buffer *b, const struct view *v, size_t time)
{
    *b = (struct buffer){.size = view_bytes(v), .first = time, .last = time};
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

/* What the layers want of the trainer's working memory, in bytes. */
struct wants {
    size_t turned, filter, scratch;
};

static void want_layer(struct wants *w, const struct trainer *t, const struct node *node,
                       const struct view *dy)
{
    const enum dtype type = t->schedule.type[node->input[0]];
    const struct convolution *c = &node->conv, adjoint = convolution_adjoint(c);
    w->turned = at_least(w->turned, convolution_turned_size(c) * sizeof(float));
    w->filter = at_least(w->filter, filter_bytes(c, type));
    w->scratch = at_least(w->scratch, filter_forward_scratch(c, type));
    w->scratch = at_least(w->scratch, filter_gradient_scratch(c, dy));
    if (c->stride > 1) {
        w->filter = at_least(w->filter, convolution_turned_narrow_size(c) * sizeof(uint32_t));
        return;
    }
    w->filter = at_least(w->filter, filter_bytes(&adjoint, type));
    w->scratch = at_least(w->scratch, filter_forward_scratch(&adjoint, type));
}

static struct wants find_wants(const struct trainer *t)
{
    struct wants w = {0};
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct step *step = &t->schedule.step[i];
        if (node_is_product(&t->graph.node[step->node]))
            want_layer(&w, t, &t->graph.node[step->node], &t->gradient[step->out]);
    }
    return w;
}

void trainer_plan_memory(struct trainer *t, size_t n)
{
    const size_t nodes = t->graph.n;
    struct buffer *buffer = xcalloc(2 * nodes, sizeof *buffer);
    const struct lives lives = {buffer, buffer + nodes};
    t->value = xcalloc(nodes, sizeof *t->value);
    t->gradient = xcalloc(nodes, sizeof *t->gradient);
    plan_values(t, &lives, n);
    plan_gradients(t, &lives, n);
    const struct wants w = find_wants(t);
    t->images = shaped(t, t->schedule.input, n, 0);
    t->images.type = DT_F32;
    t->arena_bytes = memory_plan(buffer, 2 * nodes);
    t->working_bytes = w.turned + w.filter + w.scratch + view_bytes(&t->images);
    mem_need(t->arena_bytes + t->working_bytes, "the network's activations and their gradients");
    t->arena = xaligned(t->arena_bytes, 1);
    t->turned = xaligned(w.turned, 1);
    t->filter = xaligned(w.filter, 1);
    t->scratch = xaligned(w.scratch, 1);
    t->images.data = xaligned(view_bytes(&t->images), 1);
    for (size_t i = 0; i < nodes; i++) {
        t->value[i].data = t->arena + lives.value[i].offset;
        t->gradient[i].data = t->arena + lives.gradient[i].offset;
    }
    free(buffer);
}
