/* Slices of channels and channels side by side. Mostly nothing is computed: the schedule lets a slice lie in its input
 * and the inputs of a concatenation lie in it (nn/view.h), and their gradients likewise. What can't lie so is copied. */
#include "base/err.h"
#include "nn/layer.h"

/* Whether the pixels are the same memory: then there is nothing to move. */
static bool same_place(const struct view *a, const struct view *b)
{
    return a->data == b->data;
}

static void move(const struct view *out, const struct view *in, bool accumulate)
{
    if (same_place(out, in))
        return;
    if (accumulate)
        view_add(out, in);
    else
        view_copy(out, in);
}

static void forward(const struct layer_call *l)
{
    size_t first = 0;
    for (size_t i = 0; i < l->node->inputs; first += l->in[i++].c) {
        const struct view part = view_channels(&l->out, first, l->in[i].c);
        move(&part, &l->in[i], false);
    }
}

static void backward(const struct layer_call *l)
{
    size_t first = 0;
    for (size_t i = 0; i < l->node->inputs; first += l->in[i++].c) {
        const struct view part = view_channels(&l->d_out, first, l->in[i].c);
        if (l->d_in[i].data)
            move(&l->d_in[i], &part, l->accumulate[i]);
    }
}

const struct layer layer_concat = {
    .name = "concatenation", .forward = forward, .backward = backward, .accumulates = true, .selects = true};

static void forward_slice(const struct layer_call *l)
{
    const struct view part = view_channels(&l->in[0], l->node->first, l->node->channels);
    move(&l->out, &part, false);
}

static void backward_slice(const struct layer_call *l)
{
    const struct view part = view_channels(&l->d_in[0], l->node->first, l->node->channels);
    move(&part, &l->d_out, l->accumulate[0]);
}

const struct layer layer_slice = {.name = "slice",
                                  .forward = forward_slice,
                                  .backward = backward_slice,
                                  .accumulates = true,
                                  .selects = true};

size_t graph_slice(struct graph *g, size_t x, size_t first, size_t channels)
{
    struct graph_node node = graph_unary(g, &layer_slice, x);
    if (channels == 0 || first + channels > node.channels)
        die("a slice of channels %zu to %zu of %zu", first, first + channels, node.channels);
    node.first = first;
    node.channels = channels;
    return graph_append(g, node, "");
}

size_t graph_slice_narrow(struct graph *g, size_t x, size_t first, size_t channels)
{
    const size_t slice = graph_slice(g, x, first, channels);
    g->node[slice].narrows = true;
    return slice;
}

size_t graph_concat(struct graph *g, const size_t *x, size_t n)
{
    struct graph_node node = graph_unary(g, &layer_concat, x[0]);
    if (n > NODE_INPUTS)
        die("a concatenation of %zu: at most %d are possible", n, NODE_INPUTS);
    node.inputs = n;
    for (size_t i = 1; i < n; i++) {
        node.input[i] = x[i];
        node.channels += g->node[x[i]].channels;
    }
    return graph_append(g, node, "");
}
