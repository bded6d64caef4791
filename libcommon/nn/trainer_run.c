/* A batch through the trainer:
 *   1. trainer_new (trainer.c): the graph becomes steps; each tensor gets its place in the flat arrays; what depends on
 *      nothing that learns will have no backward.
 *   2. trainer_plan.c: values live from their step to the last that reads them, forward or back; gradients from the first
 *      that sends one; all share one arena.
 *   3. The caller fills trainer_input in f32; trainer_forward copies it into the arena, framed, in its precision.
 *   4. Forward: each step prepares its weights for the kernels (they have changed since) and calls its layer. Batch norms
 *      keep the batch's mean and deviation for the way back.
 *   5. The losses read trainer_output and fill trainer_output_gradient (train/loss.h).
 *   6. trainer_backward: steps in reverse. A layer reads its output's gradient, adds to those of its parameters, and sends
 *      gradients to its inputs: the first sender writes, later ones add, whoever reads comes after all of them.
 *   7. The optimiser walks the flat arrays (train/optimiser.h). */
#include "nn/layer_pointwise.h"
#include "nn/trainer_parts.h"
#include <string.h>

struct layer_call trainer_call(const struct trainer *t, size_t step)
{
    const struct schedule_step *s = &t->schedule.step[step];
    const struct trainer_step *state = &t->state[step];
    const struct graph_node *node = &t->graph.node[s->node];
    struct layer_call l = {.node = node,
                           .training = true,
                           .fixed_statistics = state->fixed_statistics,
                           .out = t->value[s->out],
                           .d_out = t->gradient[s->out],
                           .residual = s->residual >= 0 ? &t->value[s->residual] : NULL,
                           .d_residual = state->residual.wanted ? &t->gradient[s->residual] : NULL,
                           .accumulate_residual = state->residual.accumulate,
                           .relu = s->relu,
                           .log_determinant = t->log_determinant,
                           .d_log_determinant = t->d_log_determinant,
                           .prepared = t->prepared,
                           .scratch = t->scratch,
                           .kept = state->kept};
    for (size_t i = 0; i < node->inputs; i++) {
        l.in[i] = t->value[node->input[i]];
        l.accumulate[i] = state->input[i].accumulate;
        if (state->input[i].wanted)
            l.d_in[i] = t->gradient[node->input[i]];
    }
    for (size_t p = 0; p < state->parts; p++) {
        l.part[p] = (state->learnt[p] ? t->values : t->statistics) + state->offset[p];
        l.d_part[p] = state->trained[p] ? t->gradients + state->offset[p] : NULL;
    }
    return l;
}

/* Zeroes all of the gradient's memory that node `node`'s lies in. */
static void clear_root(const struct trainer *t, size_t node)
{
    const struct schedule_place *p = &t->schedule.place[node];
    struct view all = t->gradient[node];
    all.data = (char *)all.data - p->channel * dtype_size(all.type);
    all.c = view_step(&all);
    view_clear(&all);
}

static struct view first_of(const struct view *v, size_t n)
{
    struct view first = *v;
    first.n = n;
    return first;
}

static void take_images(struct trainer *t, size_t n)
{
    memset(t->log_determinant, 0, t->n * sizeof *t->log_determinant);
    for (size_t i = 0; i < t->schedule.inputs; i++) {
        if (!t->images[i].data)
            continue;
        const struct view value = first_of(&t->value[t->schedule.input[i]], n);
        const struct view images = first_of(&t->images[i], n);
        view_clear_halo(&value);
        view_copy(&value, &images);
    }
}

static void step_forward(const struct layer_call *l)
{
    view_clear_halo(&l->out);
    if (l->node->layer->prepare)
        l->node->layer->prepare(l);
    l->node->layer->forward(l);
}

void trainer_evaluate(struct trainer *t, size_t n)
{
    take_images(t, n);
    for (size_t i = 0; i < t->schedule.steps; i++) {
        struct layer_call l = trainer_call(t, i);
        l.fixed_statistics = true;
        l.out.n = n;
        for (size_t j = 0; j < l.node->inputs; j++)
            l.in[j].n = n;
        step_forward(&l);
    }
}

void trainer_forward(struct trainer *t)
{
    memset(t->d_log_determinant, 0, t->n * sizeof *t->d_log_determinant);
    take_images(t, t->n);
    for (size_t i = 0; i < t->schedule.steps; i++) {
        const struct layer_call l = trainer_call(t, i);
        step_forward(&l);
    }
    for (size_t i = 0; i < t->outputs; i++)
        if (t->clear_output[i])
            clear_root(t, t->output[i]);
}

/* What a layer that can't add to a gradient sends goes through memory of its own. */
static void backward_apart(const struct trainer *t, struct layer_call *l, size_t i)
{
    const struct view sum = l->d_in[i];
    l->d_in[i].data = t->added;
    l->accumulate[i] = false;
    l->node->layer->backward(l);
    view_add(&sum, &l->d_in[i]);
}

static void step_backward(const struct trainer *t, size_t step)
{
    const struct trainer_step *state = &t->state[step];
    const struct schedule_step *s = &t->schedule.step[step];
    struct layer_call l = trainer_call(t, step);
    for (size_t i = 0; i < l.node->inputs; i++)
        if (state->input[i].clear)
            clear_root(t, l.node->input[i]);
    if (state->residual.clear)
        clear_root(t, (size_t)s->residual);
    if (s->relu && layer_is_product(l.node->layer))
        pointwise_backward(&l.d_out, false, &l.d_out, &l.out);
    if (l.accumulate[0] && !l.node->layer->accumulates)
        backward_apart(t, &l, 0);
    else
        l.node->layer->backward(&l);
}

/* Parameters lie in the order of their steps (lay_out_step): what is behind a step's first belongs to it and to those that were
 * gone back through before. */
void trainer_backward_telling(struct trainer *t, void (*complete)(void *arg, size_t from), void *arg)
{
    for (size_t i = t->schedule.steps; i-- > 0;) {
        const struct trainer_step *s = &t->state[i];
        if (s->backward)
            step_backward(t, i);
        if (complete && s->parts && s->learnt[0])
            complete(arg, s->offset[0]);
    }
}

void trainer_backward(struct trainer *t)
{
    trainer_backward_telling(t, NULL, NULL);
}
