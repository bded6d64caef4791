/* An image through inference:
 *   1. infer_new: schedule_make turns the graph into steps; batch norms, sums and ReLUs are folded into them.
 *   2. compile: a step's tensors are taken from the file and laid out as its layer keeps them. A folded batch norm
 *      multiplies the weights and becomes a shift. `prepare` turns weights into what the kernels of this CPU read.
 *   3. plan: each value lives from the step that writes it to the last that reads it; values that don't live together
 *      share memory, one arena for all.
 *   4. The caller writes images into infer_input (normalise.h), into the arena itself.
 *   5. infer_run: each step zeroes the frame of its output and calls its layer's `forward`, which shares the work by the
 *      pool: for a convolution product.c chooses the way, conv/conv.c walks the pixels, a kernel multiplies.
 *   6. infer_output shows the wanted values where they lie, until the next run. */
#include "nn/infer.h"
#include "base/mem.h"
#include "nn/layer.h"
#include "nn/layer_batchnorm.h"
#include "nn/memory_plan.h"
#include "nn/schedule.h"
#include "nn/weights.h"
#include <stdlib.h>
#include <string.h>

/* What a step computes with. */
struct constants {
    float *part[LAYER_PARTS]; /* of its node; NULL once they are in `prepared` or `shift` */
    float *scale, *shift;     /* of a batch norm, folded or not; shift: of a product's bias too */
    void *prepared;
};

struct infer {
    struct graph graph; /* its own copy */
    struct schedule schedule;
    struct constants *constants; /* of each step */
    struct view *value;          /* of the inputs and of each node that a step writes */
    size_t *wanted, wanted_n;
    size_t n;                /* images at the most */
    double *log_determinant; /* of each */
    bool eight_bits;
    char *arena;
    void *scratch; /* of one step at a time */
    size_t arena_bytes, scratch_bytes, weight_bytes;
};

static struct view first_of(const struct infer *x, size_t value, size_t n)
{
    struct view v = x->value[value];
    v.n = n;
    return v;
}

static struct layer_call call_of(const struct infer *x, size_t step, size_t n)
{
    const struct schedule_step *s = &x->schedule.step[step];
    const struct constants *k = &x->constants[step];
    const struct graph_node *node = &x->graph.node[s->node];
    struct layer_call l = {.node = node,
                           .eight_bits = x->eight_bits && x->schedule.never_negative[node->input[0]],
                           .out = first_of(x, s->out, n),
                           .residual = s->residual >= 0 ? &x->value[s->residual] : NULL,
                           .relu = s->relu,
                           .scale = k->scale,
                           .shift = k->shift,
                           .log_determinant = x->log_determinant,
                           .prepared = k->prepared,
                           .scratch = x->scratch};
    for (size_t i = 0; i < node->inputs; i++)
        l.in[i] = first_of(x, node->input[i], n);
    memcpy(l.part, k->part, sizeof l.part);
    return l;
}

static struct layer_wants wants_of(const struct infer *x, size_t step)
{
    const struct layer_call l = call_of(x, step, x->n);
    struct layer_wants w = {0};
    if (l.node->layer->wants)
        l.node->layer->wants(&w, &l);
    return w;
}

static void take_parts(float *part[LAYER_PARTS], const struct graph_node *node, const struct safetensors *st,
                       const char *file)
{
    struct layer_part parts[LAYER_PARTS];
    const size_t n = layer_parts(parts, node);
    for (size_t p = 0; p < n; p++) {
        part[p] = xcalloc(parts[p].floats, sizeof *part[p]);
        weights_take(part[p], st, file, &parts[p], node);
    }
}

static void free_parts(float *part[LAYER_PARTS])
{
    for (size_t p = 0; p < LAYER_PARTS; p++) {
        free(part[p]);
        part[p] = NULL;
    }
}

/* The map that a batch norm is, its own step's or a product's, whose bias it takes in. */
static void take_batchnorm(struct constants *k, const struct graph_node *node, const struct safetensors *st,
                           const char *file)
{
    float *part[LAYER_PARTS] = {0};
    take_parts(part, node, st, file);
    k->scale = xmalloc(node->channels, sizeof *k->scale);
    batchnorm_fold(k->scale, k->shift, part, node->channels);
    free_parts(part);
}

static void compile_product(struct infer *x, size_t step)
{
    struct constants *k = &x->constants[step];
    const struct graph_node *node = &x->graph.node[x->schedule.step[step].node];
    const struct layer_wants w = wants_of(x, step);
    if (k->scale)
        node->layer->fold(k->part[0], k->scale, node);
    k->prepared = xaligned(w.prepared, 1);
    const struct layer_call l = call_of(x, step, x->n);
    node->layer->prepare(&l);
    free_parts(k->part);
}

static void compile(struct infer *x, size_t step, const struct safetensors *st, const char *file)
{
    const struct schedule_step *s = &x->schedule.step[step];
    struct constants *k = &x->constants[step];
    const struct graph_node *node = &x->graph.node[s->node];
    const bool product = layer_is_product(node->layer);
    if (node->layer != &layer_batchnorm)
        take_parts(k->part, node, st, file);
    if (product || s->batchnorm >= 0) /* a panel's worth at the least: kernels read biases by panels */
        k->shift = xcalloc(conv_packed_size(1, node->channels), sizeof *k->shift);
    if (product && k->part[1])
        memcpy(k->shift, k->part[1], node->channels * sizeof *k->shift);
    if (s->batchnorm >= 0)
        take_batchnorm(k, &x->graph.node[s->batchnorm], st, file);
    if (product)
        compile_product(x, step);
}

/* Counts what the steps want, and asks for it. */
static void need_memory(struct infer *x)
{
    for (size_t s = 0; s < x->schedule.steps; s++) {
        const struct layer_wants w = wants_of(x, s);
        x->weight_bytes += w.prepared;
        x->scratch_bytes = w.scratch > x->scratch_bytes ? w.scratch : x->scratch_bytes;
    }
    mem_need(x->weight_bytes, "the network's weights");
}

static void shape_value(struct infer *x, size_t value, size_t n)
{
    x->value[value] =
        schedule_view(&x->schedule, &x->graph, value, n, x->schedule.halo[x->schedule.place[value].root]);
}

static void shape_values(struct infer *x, size_t n)
{
    x->value = xcalloc(x->graph.n, sizeof *x->value);
    for (size_t i = 0; i < x->schedule.inputs; i++)
        if (x->schedule.needed[x->schedule.input[i]])
            shape_value(x, x->schedule.input[i], n);
    for (size_t s = 0; s < x->schedule.steps; s++)
        shape_value(x, x->schedule.step[s].out, n);
}

/* Value `value` is needed in a step, and all the memory that it lies in with it. */
static void alive(const struct infer *x, struct memory_buffer *buffer, size_t value, size_t step)
{
    memory_alive(&buffer[x->schedule.place[value].root], view_bytes(&x->value[value]), step);
}

static void plan(struct infer *x)
{
    struct memory_buffer *buffer = xcalloc(x->graph.n, sizeof *buffer);
    for (size_t i = 0; i < x->schedule.inputs; i++)
        if (x->schedule.needed[x->schedule.input[i]])
            alive(x, buffer, x->schedule.input[i], 0);
    for (size_t s = 0; s < x->schedule.steps; s++) {
        const struct schedule_step *step = &x->schedule.step[s];
        const struct graph_node *node = &x->graph.node[step->node];
        alive(x, buffer, step->out, s);
        for (size_t i = 0; i < node->inputs; i++)
            alive(x, buffer, node->input[i], s);
        if (step->residual >= 0)
            alive(x, buffer, (size_t)step->residual, s);
    }
    for (size_t i = 0; i < x->wanted_n; i++)
        alive(x, buffer, x->wanted[i], x->schedule.steps);
    x->arena_bytes = memory_plan(buffer, x->graph.n);
    mem_need(x->arena_bytes + x->scratch_bytes, "the network's activations");
    x->arena = xaligned(x->arena_bytes, 1);
    x->scratch = xaligned(x->scratch_bytes, 1);
    for (size_t i = 0; i < x->graph.n; i++)
        if (x->value[i].n)
            schedule_locate(&x->value[i], &x->schedule, i,
                            x->arena + buffer[x->schedule.place[i].root].offset);
    free(buffer);
}

static void *copy(const void *from, size_t n, size_t size)
{
    return memcpy(xmalloc(n, size), from, n * size);
}

struct infer *infer_new(const struct graph *g, const struct safetensors *st, const char *file,
                        const struct infer_plan *p)
{
    const struct schedule_plan plans = {.wanted = p->wanted,
                                        .wanted_n = p->wanted_n,
                                        .fold_batchnorm = true,
                                        .h = p->h,
                                        .w = p->w,
                                        .side = p->side,
                                        .precision = p->precision == DT_I8 ? DT_BF16 : p->precision};
    struct infer *x = xcalloc(1, sizeof *x);
    x->graph = *g;
    x->graph.node = copy(g->node, g->n, sizeof *g->node);
    x->wanted = copy(p->wanted, p->wanted_n, sizeof *p->wanted);
    x->wanted_n = p->wanted_n;
    x->eight_bits = p->precision == DT_I8;
    x->n = p->n;
    x->log_determinant = xcalloc(p->n, sizeof *x->log_determinant);
    schedule_make(&x->schedule, &x->graph, &plans);
    x->constants = xcalloc(x->schedule.steps, sizeof *x->constants);
    shape_values(x, p->n);
    need_memory(x);
    for (size_t s = 0; s < x->schedule.steps; s++)
        compile(x, s, st, file);
    plan(x);
    return x;
}

struct view infer_input(const struct infer *x, size_t i)
{
    return x->value[x->schedule.input[i]];
}

struct view infer_output(const struct infer *x, size_t i)
{
    return x->value[x->wanted[i]];
}

const double *infer_log_determinants(const struct infer *x)
{
    return x->log_determinant;
}

void infer_run(struct infer *x, size_t n)
{
    memset(x->log_determinant, 0, n * sizeof *x->log_determinant);
    for (size_t i = 0; i < x->schedule.inputs; i++) {
        const struct view in = first_of(x, x->schedule.input[i], n);
        if (in.data)
            view_clear_halo(&in);
    }
    for (size_t s = 0; s < x->schedule.steps; s++) {
        const struct layer_call l = call_of(x, s, n);
        view_clear_halo(&l.out);
        l.node->layer->forward(&l);
    }
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
        free_parts(x->constants[s].part);
        free(x->constants[s].scale);
        free(x->constants[s].shift);
        free(x->constants[s].prepared);
    }
    free(x->graph.node);
    free(x->wanted);
    free(x->log_determinant);
    free(x->constants);
    schedule_free(&x->schedule);
    free(x->value);
    free(x->arena);
    free(x->scratch);
    free(x);
}
