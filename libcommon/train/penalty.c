#include "train/penalty.h"
#include "base/mem.h"
#include "base/thread.h"
#include <stdlib.h>

enum { CHUNK = 1 << 15 };

struct pull {
    float *gradients;
    const float *values;
    const struct penalty *p;
    double *sum; /* of each chunk */
};

static void pull_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct pull *a = arg;
    const struct penalty *p = a->p;
    const size_t end = (task + 1) * CHUNK < p->n ? (task + 1) * CHUNK : p->n;
    const float weight = (float)p->weight;
    double sum = 0;
    for (size_t i = task * CHUNK; i < end; i++) {
        const float off = a->values[i] - p->anchor[i], importance = p->importance ? p->importance[i] : 1;
        a->gradients[i] += weight * importance * off;
        sum += (double)importance * (double)off * (double)off;
    }
    a->sum[task] = sum;
}

double penalty_add(float *gradients, const float *values, const struct penalty *p)
{
    const size_t chunks = (p->n + CHUNK - 1) / CHUNK;
    struct pull a = {gradients, values, p, xcalloc(chunks + 1, sizeof(double))};
    double sum = 0;
    pool_run(chunks, pull_chunk, &a);
    for (size_t i = 0; i < chunks; i++)
        sum += a.sum[i];
    free(a.sum);
    return p->weight / 2 * sum;
}
