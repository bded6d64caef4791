/* The first weights of CFLOW-AD. Rotations are what Gram and Schmidt make of normal numbers, row after row: uniform among the orthogonal
 * matrices (Stewart, "The efficient generation of random orthogonal matrices", SIAM J. Numer. Anal. 1980, has the faster way). */
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "flow/cflow.h"
#include "nn/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rows {
    double *row; /* n x n */
    size_t n, done;
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sum[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* Takes what it has of the row done last out of a later one. */
static void reduce(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct rows *r = arg;
    const double *unit = r->row + r->done * r->n;
    double *row = r->row + (r->done + 1 + task) * r->n;
    const double share = dot(unit, row, r->n);
    for (size_t i = 0; i < r->n; i++)
        row[i] -= share * unit[i];
}

static void draw_rotation(float *out, size_t n, const char *name, uint64_t seed)
{
    struct rng random = rng_new(seed, hash_bytes(name, strlen(name)));
    struct rows r = {xmalloc(n * n, sizeof *r.row), n, 0};
    for (size_t i = 0; i < n * n; i++)
        r.row[i] = rng_normal(&random);
    for (; r.done < n; r.done++) {
        double *row = r.row + r.done * n;
        const double length = sqrt(dot(row, row, n));
        for (size_t i = 0; i < n; i++)
            row[i] /= length;
        pool_run(n - 1 - r.done, reduce, &r);
    }
    for (size_t i = 0; i < n * n; i++)
        out[i] = (float)r.row[i];
    free(r.row);
}

void cflow_draw(struct safetensors *st, size_t tap, size_t channels, const struct flow_options *o)
{
    struct graph g = {0};
    cflow_graph(&g, tap, channels, o);
    weights_random(st, &g, "", o->fit.seed);
    for (size_t b = 0; o->mix == FLOW_ORTHOGONAL && b < o->blocks; b++) {
        char name[64];
        snprintf(name, sizeof name, "tap%zu.block%zu.rotation.weight", tap + 1, b + 1);
        draw_rotation(safetensors_find(st, name)->data, channels, name, o->fit.seed);
    }
    graph_free(&g);
}
