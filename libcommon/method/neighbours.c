#include "method/neighbours.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/distance.h"
#include "num/gemm.h"
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Queries and bank vectors of a tile; candidates that a query holds before they are measured. None of them
 * changes a result. */
enum { QUERIES = 128, VECTORS = 512, CANDIDATES = 64 };

struct neighbours {
    const float *bank;
    const uint32_t *owner;
    size_t n, dims;
    float *norm;             /* n: |b|^2 */
    double widest;           /* the largest |b| */
    struct workspace **work; /* one a worker, made when first used */
};

/* What one query knows so far. */
struct search {
    float least;  /* of the approximate values */
    float margin; /* a vector whose value is above least + margin is not the nearest */
    size_t held;
    float value[CANDIDATES];
    uint32_t candidate[CANDIDATES];
    float squared; /* the nearest of those measured, INFINITY while none is */
    uint32_t index;
};

struct workspace {
    float tile[QUERIES * VECTORS];
    struct search search[QUERIES];
};

static double norm_squared(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

struct neighbours *neighbours_new(const float *bank, const uint32_t *owner, size_t n, size_t dims)
{
    struct neighbours *nb = xcalloc(1, sizeof *nb);
    *nb = (struct neighbours){.bank = bank, .owner = owner, .n = n, .dims = dims};
    nb->norm = xaligned(n, sizeof *nb->norm);
    double widest = 0;
    for (size_t i = 0; i < n; i++) {
        const double norm = norm_squared(bank + i * dims, dims);
        nb->norm[i] = (float)norm;
        widest = norm > widest ? norm : widest;
    }
    nb->widest = sqrt(widest);
    nb->work = xcalloc(pool_size(), sizeof *nb->work);
    return nb;
}

void neighbours_free(struct neighbours *nb)
{
    if (!nb)
        return;
    for (size_t i = 0; i < pool_size(); i++)
        free(nb->work[i]);
    free(nb->work);
    free(nb->norm);
    free(nb);
}

/* How far two approximate values may lie in the wrong order. With u = 2^-24, the product's n terms err by at
 * most n u 2|q||b|, the norm and the addition by 3 u (|q| + |b|)^2, and the direct form by (n/16 + 6) u (|q|
 * + |b|)^2: in all below 2 n u (|q| + |b|)^2 for n >= 16, and there are two values. */
static float margin_of(const struct neighbours *nb, const float *query)
{
    const double reach = sqrt(norm_squared(query, nb->dims)) + nb->widest;
    return (float)(4 * (double)nb->dims * (FLT_EPSILON / 2) * reach * reach + (double)FLT_MIN);
}

static bool nearer(float squared, uint32_t index, float than, uint32_t than_index)
{
    return squared < than || (squared == than && index < than_index);
}

/* Measures the candidates that are still possible, and forgets all. */
static void measure(const struct neighbours *nb, struct search *s, const float *query)
{
    for (size_t k = 0; k < s->held; k++) {
        const uint32_t i = s->candidate[k];
        if (s->value[k] > s->least + s->margin)
            continue;
        const float squared = distance_squared(query, nb->bank + i * nb->dims, nb->dims);
        if (nearer(squared, i, s->squared, s->index)) {
            s->squared = squared;
            s->index = i;
        }
    }
    s->held = 0;
}

/* Takes up the values of n vectors from `first` on. */
static void take(const struct neighbours *nb, struct search *s, const float *query, const float *value,
                 size_t first, size_t n)
{
    enum { BLOCK = 16 };
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t end = at + BLOCK < n ? at + BLOCK : n;
        float least = value[at];
        for (size_t k = at + 1; k < end; k++)
            least = value[k] < least ? value[k] : least;
        if (least > s->least + s->margin || isinf(least))
            continue;
        s->least = least < s->least ? least : s->least;
        for (size_t k = at; k < end; k++) {
            if (value[k] > s->least + s->margin)
                continue;
            if (s->held == CANDIDATES)
                measure(nb, s, query);
            s->value[s->held] = value[k];
            s->candidate[s->held++] = (uint32_t)(first + k);
        }
    }
}

struct nearest {
    const struct neighbours *nb;
    const float *norm, *query;
    size_t count;
    uint32_t *index;
    float *squared;
};

/* tile: m queries x n vectors, |b|^2 - 2 q b. */
static void fill_tile(float *tile, const struct nearest *c, const float *query, size_t m, size_t first,
                      size_t n)
{
    const ptrdiff_t dims = (ptrdiff_t)c->nb->dims;
    for (size_t i = 0; i < m; i++)
        memcpy(tile + i * VECTORS, c->norm + first, n * sizeof *tile);
    gemm(m, n, c->nb->dims, -2, (struct matrix){query, dims, 1},
         (struct matrix){c->nb->bank + first * c->nb->dims, 1, dims}, 1, tile, VECTORS, 1);
}

static void nearest_task(void *arg, size_t task, size_t worker)
{
    const struct nearest *c = arg;
    const struct neighbours *nb = c->nb;
    struct workspace *w = nb->work[worker];
    const size_t from = task * QUERIES, m = c->count - from < QUERIES ? c->count - from : QUERIES;
    const float *query = c->query + from * nb->dims;
    if (!w)
        w = nb->work[worker] = xaligned(1, sizeof *w);
    for (size_t i = 0; i < m; i++) {
        w->search[i].least = w->search[i].squared = INFINITY;
        w->search[i].margin = margin_of(nb, query + i * nb->dims);
        w->search[i].held = w->search[i].index = 0;
    }
    for (size_t first = 0; first < nb->n; first += VECTORS) {
        const size_t n = nb->n - first < VECTORS ? nb->n - first : VECTORS;
        fill_tile(w->tile, c, query, m, first, n);
        for (size_t i = 0; i < m; i++)
            take(nb, &w->search[i], query + i * nb->dims, w->tile + i * VECTORS, first, n);
    }
    for (size_t i = 0; i < m; i++) {
        measure(nb, &w->search[i], query + i * nb->dims);
        c->squared[from + i] = w->search[i].squared;
        c->index[from + i] = w->search[i].index;
    }
}

void neighbours_nearest(const struct neighbours *nb, uint32_t *index, float *squared, const float *query,
                        size_t count, uint32_t without)
{
    struct nearest c = {nb, nb->norm, query, count, index, squared};
    float *norm = NULL;
    if (without != NEIGHBOURS_ALL) { /* an infinite norm is never near */
        norm = xaligned(nb->n, sizeof *norm);
        for (size_t i = 0; i < nb->n; i++)
            norm[i] = nb->owner[i] == without ? INFINITY : nb->norm[i];
        c.norm = norm;
    }
    pool_run((count + QUERIES - 1) / QUERIES, nearest_task, &c);
    free(norm);
}

static bool left_out(const struct neighbours *nb, size_t i, uint32_t without)
{
    return without != NEIGHBOURS_ALL && nb->owner[i] == without;
}

struct listing {
    const struct neighbours *nb;
    const float *query;
    float *squared;
};

enum { LISTING_BLOCK = 1024 };

static void listing_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct listing *l = arg;
    const size_t from = task * LISTING_BLOCK, dims = l->nb->dims;
    const size_t to = l->nb->n - from < LISTING_BLOCK ? l->nb->n : from + LISTING_BLOCK;
    for (size_t i = from; i < to; i++)
        l->squared[i] = distance_squared(l->query, l->nb->bank + i * dims, dims);
}

size_t neighbours_list(const struct neighbours *nb, uint32_t *index, float *squared, const float *query,
                       size_t k, uint32_t without)
{
    struct listing l = {nb, query, xaligned(nb->n, sizeof *squared)};
    size_t have = 0;
    pool_run((nb->n + LISTING_BLOCK - 1) / LISTING_BLOCK, listing_task, &l);
    for (size_t i = 0; i < nb->n; i++) {
        if (left_out(nb, i, without) || (have == k && l.squared[i] >= squared[k - 1]))
            continue;
        size_t at = have < k ? have++ : k - 1;
        for (; at && squared[at - 1] > l.squared[i]; at--) {
            squared[at] = squared[at - 1];
            index[at] = index[at - 1];
        }
        squared[at] = l.squared[i];
        index[at] = (uint32_t)i;
    }
    free(l.squared);
    return have;
}

void neighbours_nearest_naive(const struct neighbours *nb, uint32_t *index, float *squared,
                              const float *query, size_t count, uint32_t without)
{
    for (size_t q = 0; q < count; q++) {
        squared[q] = INFINITY;
        index[q] = 0;
        for (size_t i = 0; i < nb->n; i++) {
            const float d = distance_squared(query + q * nb->dims, nb->bank + i * nb->dims, nb->dims);
            if (!left_out(nb, i, without) && d < squared[q]) {
                squared[q] = d;
                index[q] = (uint32_t)i;
            }
        }
    }
}
