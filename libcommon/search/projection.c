#include "search/projection.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "num/gemm.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The generator's stream for projections: any number that no other use of the seed has. */
enum { RNG_STREAM = 0x70726f6a };

size_t projection_dims(size_t n)
{
    const double e = 0.9;
    return n < 2 ? 1 : (size_t)(4 * log((double)n) / (e * e / 2 - e * e * e / 3));
}

static float entry(enum projection_kind kind, size_t from, size_t to, struct rng *r)
{
    const double root = sqrt((double)from);
    if (kind == PROJECTION_GAUSSIAN)
        return (float)(rng_normal(r) / sqrt((double)to));
    if (kind == PROJECTION_UNIFORM)
        return (float)rng_range(r, -1 / root, 1 / root);
    const double draw = rng_uniform(r), density = 1 / root, size = sqrt(root / (double)to);
    return draw >= density ? 0 : draw < density / 2 ? (float)size : (float)-size;
}

struct projection projection_new(enum projection_kind kind, size_t from, size_t to, uint64_t seed)
{
    struct projection p = {from, to, xaligned(to * from, sizeof(float))};
    struct rng r = rng_new(seed, RNG_STREAM);
    for (size_t i = 0; i < to * from; i++)
        p.matrix[i] = entry(kind, from, to, &r);
    return p;
}

void projection_free(struct projection *p)
{
    free(p->matrix);
    p->matrix = NULL;
}

struct product {
    const struct projection *p;
    float *out;
    const float *x;
    size_t out_row, x_row, n;
};

enum { BLOCK = 256 };

static void product_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct product *c = arg;
    const size_t from = task * BLOCK, n = c->n - from < BLOCK ? c->n - from : BLOCK;
    float *out = c->out + from * c->out_row;
    gemm(n, c->p->to, c->p->from, 1, (struct matrix){c->x + from * c->x_row, (ptrdiff_t)c->x_row, 1},
         (struct matrix){c->p->matrix, 1, (ptrdiff_t)c->p->from}, 0, out, (ptrdiff_t)c->out_row, 1);
    for (size_t i = 0; i < n; i++)
        memset(out + i * c->out_row + c->p->to, 0, (c->out_row - c->p->to) * sizeof *out);
}

void projection_apply(const struct projection *p, float *out, size_t out_row, const float *x, size_t x_row,
                      size_t n)
{
    struct product c = {p, out, x, out_row, x_row, n};
    pool_run((n + BLOCK - 1) / BLOCK, product_task, &c);
}
