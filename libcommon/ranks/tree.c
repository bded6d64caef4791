/* The i-th vector comes in an order that lets each partial sum meet its partner at once, as carries meet in a binary counter:
 * when bits 0 to j - 1 of i are set, j partial sums wait for it, the smallest first. */
#include "ranks/tree.h"
#include "base/mem.h"
#include "base/thread.h"
#include "ranks/narrow.h"
#include "ranks/ranks.h"
#include <stdlib.h>

enum { LEVELS = 32, CHUNK = 1 << 15 };

struct tree {
    void *x;
    enum dtype type;
    bool narrow;
    size_t leaves, size; /* this rank's; bytes of an element */
    void *level[LEVELS]; /* what waits for a partner: the sum of 2^j vectors */
};

size_t tree_leaves(size_t m)
{
    return m / ranks_size();
}

size_t tree_leaf(size_t m, size_t i)
{
    size_t reversed = 0;
    for (size_t half = tree_leaves(m) / 2; half; half /= 2, i /= 2)
        reversed += i % 2 * half;
    return ranks_mine() + reversed * ranks_size();
}

struct tree *tree_new(void *x, size_t n, enum dtype type, size_t m, bool narrow)
{
    struct tree *t = xcalloc(1, sizeof *t);
    *t = (struct tree){
        .x = x, .type = type, .narrow = narrow, .leaves = tree_leaves(m), .size = dtype_size(type)};
    for (size_t j = 0; t->leaves >> (j + 1); j++) {
        mem_need(n * t->size, "a partial sum of gradients");
        t->level[j] = xmalloc(n, t->size);
    }
    return t;
}

void tree_free(struct tree *t)
{
    for (size_t j = 0; t && j < LEVELS; j++)
        free(t->level[j]);
    free(t);
}

/* A stretch of the vector, cut into chunks for the pool. */
struct stretch {
    struct tree *t;
    size_t vector, from, to;
};

/* Element i of a vector. */
static void *at(const struct tree *t, void *x, size_t i)
{
    return (char *)x + i * t->size;
}

static void add(const struct tree *t, size_t j, size_t from, size_t n)
{
    if (t->type == DT_F64) {
        const double *waited = at(t, t->level[j], from);
        double *x = at(t, t->x, from);
        for (size_t i = 0; i < n; i++)
            x[i] = waited[i] + x[i];
        return;
    }
    const float *waited = at(t, t->level[j], from);
    float *x = at(t, t->x, from);
    if (t->narrow)
        narrow_round(x, n);
    for (size_t i = 0; i < n; i++)
        x[i] = waited[i] + x[i];
}

static void take_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct stretch *s = arg;
    const struct tree *t = s->t;
    const size_t from = s->from + task * CHUNK, n = s->to - from < CHUNK ? s->to - from : CHUNK;
    size_t j = 0;
    for (; s->vector >> j & 1; j++)
        add(t, j, from, n);
    if (s->vector + 1 == t->leaves)
        return;
    void *wait = at(t, t->level[j], from);
    memcpy(wait, at(t, t->x, from), n * t->size);
    if (t->narrow)
        narrow_round(wait, n);
}

void tree_add(struct tree *t, size_t i, size_t from, size_t to)
{
    struct stretch s = {t, i, from, to};
    pool_run((to - from + CHUNK - 1) / CHUNK, take_chunk, &s);
    if (i + 1 == t->leaves)
        ranks_sum_start(at(t, t->x, from), to - from, t->type, t->narrow);
}
