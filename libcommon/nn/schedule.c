#include "nn/schedule.h"
#include "base/mem.h"
#include <stdlib.h>

/* The graph while it is being scheduled. A wanted node has one consumer more than the graph shows: the
 * caller. */
struct draft {
    const struct graph *graph;
    const bool *needed;
    size_t *consumers;
    bool *done; /* nodes whose values stand, or that were folded */
    bool fold_batchnorm;
};

/* The only consumer of node i if it is an `op`; -1 otherwise. */
static ptrdiff_t only_consumer(const struct draft *d, size_t i, enum op op)
{
    const struct graph *g = d->graph;
    for (size_t j = i + 1; d->consumers[i] == 1 && j < g->n; j++)
        for (size_t k = 0; d->needed[j] && k < g->node[j].inputs; k++)
            if (g->node[j].input[k] == i)
                return g->node[j].op == op ? (ptrdiff_t)j : -1;
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

static void fold_batchnorm(const struct draft *d, struct step *s)
{
    const ptrdiff_t next = only_consumer(d, s->out, OP_BATCHNORM);
    if (d->graph->node[s->node].op == OP_BATCHNORM)
        s->batchnorm = (ptrdiff_t)s->node;
    else if (d->fold_batchnorm && next >= 0)
        s->batchnorm = (ptrdiff_t)(s->out = (size_t)next);
}

/* Takes in a sum whose other side stands already. */
static void fold_add(const struct draft *d, struct step *s)
{
    const ptrdiff_t next = only_consumer(d, s->out, OP_ADD);
    if (next < 0)
        return;
    const struct node *add = &d->graph->node[next];
    const size_t other = add->input[add->input[0] == s->out];
    if (!d->done[other])
        return;
    s->residual = (ptrdiff_t)other;
    d->done[s->out] = true;
    s->out = (size_t)next;
}

static void fold_relu(const struct draft *d, struct step *s)
{
    const ptrdiff_t next = only_consumer(d, s->out, OP_RELU);
    if (next < 0)
        return;
    s->relu = true;
    d->done[s->out] = true;
    s->out = (size_t)next;
}

static struct step make_step(const struct draft *d, size_t i)
{
    const enum op op = d->graph->node[i].op;
    struct step s = {.node = i, .out = i, .batchnorm = -1, .residual = -1, .relu = op == OP_RELU};
    if (op == OP_ADD)
        s.residual = (ptrdiff_t)d->graph->node[i].input[1];
    if (node_is_product(&d->graph->node[i]) || op == OP_BATCHNORM) {
        fold_batchnorm(d, &s);
        if (s.batchnorm >= 0 || d->fold_batchnorm)
            fold_add(d, &s);
    }
    if (s.batchnorm >= 0 || s.residual >= 0 || (node_is_product(&d->graph->node[i]) && d->fold_batchnorm))
        fold_relu(d, &s);
    d->done[i] = d->done[s.out] = true;
    if (s.batchnorm >= 0)
        d->done[s.batchnorm] = true;
    return s;
}

static void find_halos(struct schedule *s, const struct graph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct node *node = &g->node[i];
        if (s->needed[i] && node->op == OP_CONV && node->conv.padding > s->halo[node->input[0]])
            s->halo[node->input[0]] = node->conv.padding;
    }
}

/* A mean over many pixels and what is made of it are few numbers, and worth their precision. */
static void find_types(struct schedule *s, const struct graph *g, enum dtype precision)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct node *node = &g->node[i];
        const bool behind_mean = node->inputs && s->type[node->input[0]] == DT_F32;
        s->type[i] = node->op == OP_MEANPOOL || behind_mean ? DT_F32 : precision;
    }
}

struct view schedule_view(const struct schedule *s, const struct graph *g, size_t node, size_t n)
{
    return (struct view){.n = n,
                         .h = s->side[2 * node],
                         .w = s->side[2 * node + 1],
                         .c = g->node[node].channels,
                         .halo = s->halo[node],
                         .type = s->type[node]};
}

void schedule_make(struct schedule *s, const struct graph *g, const size_t *wanted, size_t wanted_n,
                   bool folding, size_t h, size_t w, enum dtype precision)
{
    *s = (struct schedule){.step = xcalloc(g->n, sizeof *s->step),
                           .needed = xcalloc(g->n, sizeof *s->needed),
                           .side = xcalloc(2 * g->n, sizeof *s->side),
                           .halo = xcalloc(g->n, sizeof *s->halo),
                           .type = xcalloc(g->n, sizeof *s->type)};
    struct draft d = {g, s->needed, xcalloc(g->n, sizeof *d.consumers), xcalloc(g->n, sizeof *d.done),
                      folding};
    graph_needed(g, wanted, wanted_n, s->needed);
    graph_sides(g, h, w, s->side);
    find_halos(s, g);
    find_types(s, g, precision);
    count_consumers(&d, wanted, wanted_n);
    for (size_t i = 0; i < g->n; i++) {
        if (!s->needed[i] || d.done[i])
            continue;
        if (g->node[i].op == OP_INPUT) {
            s->input = i;
            d.done[i] = true;
        } else {
            s->step[s->steps++] = make_step(&d, i);
        }
    }
    free(d.consumers);
    free(d.done);
}

void schedule_free(struct schedule *s)
{
    free(s->step);
    free(s->needed);
    free(s->side);
    free(s->halo);
    free(s->type);
    *s = (struct schedule){0};
}
