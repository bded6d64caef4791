#include "nn/schedule.h"
#include "base/mem.h"
#include "nn/layer.h"
#include <stdlib.h>
#include <string.h>

/* The graph while it is being scheduled. A wanted node has one consumer more than the graph shows: the caller. */
struct draft {
    const struct graph *graph;
    const bool *needed;
    size_t *consumers;
    bool *done; /* nodes whose values stand, or that were folded */
    bool fold_batchnorm;
};

/* The only consumer of node i if it is of this layer; -1 otherwise. */
static ptrdiff_t only_consumer(const struct draft *d, size_t i, const struct layer *layer)
{
    const struct graph *g = d->graph;
    for (size_t j = i + 1; d->consumers[i] == 1 && j < g->n; j++)
        for (size_t k = 0; d->needed[j] && k < g->node[j].inputs; k++)
            if (g->node[j].input[k] == i)
                return g->node[j].layer == layer ? (ptrdiff_t)j : -1;
    return -1;
}

static void count_consumers(const struct draft *d, const size_t *wanted, size_t wanted_n)
{
    const struct graph *g = d->graph;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; d->needed[i] && k < g->node[i].inputs; k++)
            d->consumers[g->node[i].input[k]]++;
    for (size_t i = 0; i < wanted_n; i++)
        d->consumers[wanted[i]]++;
}

static void fold_batchnorm(const struct draft *d, struct schedule_step *s)
{
    const ptrdiff_t next = only_consumer(d, s->out, &layer_batchnorm);
    if (next < 0 || !d->fold_batchnorm)
        return;
    s->batchnorm = next;
    s->out = (size_t)next;
}

/* Takes in a sum whose other side stands already. */
static void fold_add(const struct draft *d, struct schedule_step *s)
{
    const ptrdiff_t next = only_consumer(d, s->out, &layer_add);
    if (next < 0)
        return;
    const struct graph_node *add = &d->graph->node[next];
    const size_t other = add->input[0] == s->out ? add->input[1] : add->input[0];
    if (!d->done[other])
        return;
    s->residual = (ptrdiff_t)other;
    d->done[s->out] = true;
    s->out = (size_t)next;
}

static void fold_relu(const struct draft *d, struct schedule_step *s)
{
    const ptrdiff_t next = only_consumer(d, s->out, &layer_relu);
    if (next < 0)
        return;
    s->relu = true;
    d->done[s->out] = true;
    s->out = (size_t)next;
}

/* A product's epilogue and a batch norm's pass over the pixels take in what follows; in training, where a sum's two sides both want their
 * gradient, a product takes in ReLU alone. */
static struct schedule_step make_step(const struct draft *d, size_t i)
{
    const struct layer *layer = d->graph->node[i].layer;
    const bool product = layer_is_product(layer);
    struct schedule_step s = {.node = i, .out = i, .batchnorm = -1, .residual = -1};
    if (layer == &layer_batchnorm)
        s.batchnorm = (ptrdiff_t)i;
    if (product)
        fold_batchnorm(d, &s);
    const bool folds = s.batchnorm >= 0 || (product && d->fold_batchnorm);
    if (folds)
        fold_add(d, &s);
    if (folds || product || layer == &layer_add)
        fold_relu(d, &s);
    d->done[i] = d->done[s.out] = true;
    if (s.batchnorm >= 0)
        d->done[s.batchnorm] = true;
    return s;
}

static void make_steps(struct schedule *s, const struct graph *g, const struct schedule_plan *p)
{
    struct draft d = {g, s->needed, xcalloc(g->n, sizeof *d.consumers), xcalloc(g->n, sizeof *d.done),
                      p->fold_batchnorm};
    count_consumers(&d, p->wanted, p->wanted_n);
    for (size_t i = 0; i < g->n; i++) {
        if (g->node[i].layer == &layer_input)
            d.done[i] = true;
        if (s->needed[i] && !d.done[i])
            s->step[s->steps++] = make_step(&d, i);
    }
    free(d.consumers);
    free(d.done);
}

static void find_types(struct schedule *s, const struct graph *g, enum dtype precision)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct graph_node *node = &g->node[i];
        bool f32 = node->layer->casts_f32;
        for (size_t j = 0; !node->narrows && j < node->inputs; j++)
            f32 |= s->type[node->input[j]] == DT_F32;
        s->type[i] = f32 ? DT_F32 : precision;
    }
}

/* Whether all who read or write node i's value take views that are not dense. */
static bool strided(const struct schedule *s, const struct graph *g, size_t i)
{
    bool all = true;
    for (size_t j = i; j < g->n; j++) {
        bool touches = j == i;
        for (size_t k = 0; k < g->node[j].inputs; k++)
            touches |= g->node[j].input[k] == i;
        if (touches && s->needed[j] && g->node[j].layer->strided)
            all &= g->node[j].layer->strided(&g->node[j]);
    }
    return all;
}

/* Lays input j of a concatenation into it, if that input has memory of its own to give up. */
static void place_input(struct schedule *s, const struct graph *g, size_t concat, size_t j, size_t channel)
{
    const size_t i = g->node[concat].input[j];
    const struct schedule_place *p = &s->place[i];
    if (p->root == i && g->node[i].layer != &layer_input && s->type[i] == s->type[concat] && strided(s, g, i))
        s->place[i] = (struct schedule_place){concat, channel};
}

/* Slices first, which lie in what is before them; then concatenations, which lie behind what is in them. */
static void find_places(struct schedule *s, const struct graph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        s->place[i] = (struct schedule_place){i, 0};
        const size_t of = g->node[i].input[0];
        if (s->needed[i] && g->node[i].layer == &layer_slice && s->type[i] == s->type[of] && strided(s, g, i))
            s->place[i] = (struct schedule_place){of, g->node[i].first};
    }
    for (size_t i = 0; i < g->n; i++)
        for (size_t j = 0, channel = 0;
             s->needed[i] && g->node[i].layer == &layer_concat && j < g->node[i].inputs; j++) {
            place_input(s, g, i, j, channel);
            channel += g->node[g->node[i].input[j]].channels;
        }
    for (size_t i = 0; i < g->n; i++)
        for (struct schedule_place *p = &s->place[i]; s->place[p->root].root != p->root;) {
            p->channel += s->place[p->root].channel;
            p->root = s->place[p->root].root;
        }
}

static void find_halos(struct schedule *s, const struct graph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct graph_node *node = &g->node[i];
        const size_t wanted = s->needed[i] && node->layer->halo ? node->layer->halo(node) : 0;
        for (size_t j = 0; j < node->inputs; j++) {
            size_t *halo = &s->halo[s->place[node->input[j]].root];
            *halo = wanted > *halo ? wanted : *halo;
        }
    }
}

static void find_signs(struct schedule *s, const struct graph *g)
{
    for (size_t i = 0; i < s->steps; i++) {
        const struct graph_node *node = &g->node[s->step[i].node];
        bool selects = node->layer->selects;
        for (size_t j = 0; j < node->inputs; j++)
            selects &= s->never_negative[node->input[j]];
        s->never_negative[s->step[i].out] = selects || s->step[i].relu || node->layer == &layer_relu;
    }
}

struct view schedule_view(const struct schedule *s, const struct graph *g, size_t node, size_t n, size_t halo)
{
    return (struct view){.n = n,
                         .h = s->side[node][0],
                         .w = s->side[node][1],
                         .c = g->node[node].channels,
                         .halo = halo,
                         .type = s->type[node],
                         .step = g->node[s->place[node].root].channels};
}

void schedule_locate(struct view *v, const struct schedule *s, size_t node, void *data)
{
    v->data = (char *)data + s->place[node].channel * dtype_size(v->type);
}

bool schedule_whole(const struct schedule *s, const struct graph *g, size_t node)
{
    return g->node[s->place[node].root].channels == g->node[node].channels;
}

static void find_sides(struct schedule *s, const struct graph *g, const struct schedule_plan *p)
{
    s->inputs = graph_inputs(g);
    s->input = xcalloc(s->inputs, sizeof *s->input);
    size_t(*side)[2] = xcalloc(s->inputs, sizeof *side);
    for (size_t i = 0, n = 0; i < g->n; i++)
        if (g->node[i].layer == &layer_input)
            s->input[n++] = i;
    for (size_t i = 0; i < s->inputs; i++) {
        side[i][0] = p->side ? p->side[i][0] : p->h;
        side[i][1] = p->side ? p->side[i][1] : p->w;
    }
    graph_sides(g, (const size_t(*)[2])side, s->needed, s->side);
    free(side);
}

void schedule_make(struct schedule *s, const struct graph *g, const struct schedule_plan *p)
{
    *s = (struct schedule){.step = xcalloc(g->n, sizeof *s->step),
                           .needed = xcalloc(g->n, sizeof *s->needed),
                           .side = xcalloc(g->n, sizeof *s->side),
                           .place = xcalloc(g->n, sizeof *s->place),
                           .halo = xcalloc(g->n, sizeof *s->halo),
                           .never_negative = xcalloc(g->n, sizeof *s->never_negative),
                           .type = xcalloc(g->n, sizeof *s->type)};
    graph_needed(g, p->wanted, p->wanted_n, s->needed);
    find_sides(s, g, p);
    find_types(s, g, p->precision);
    find_places(s, g);
    find_halos(s, g);
    make_steps(s, g, p);
    find_signs(s, g);
}

void schedule_free(struct schedule *s)
{
    void *all[] = {s->step, s->input, s->needed, s->side, s->place, s->halo, s->never_negative, s->type};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *s = (struct schedule){0};
}
