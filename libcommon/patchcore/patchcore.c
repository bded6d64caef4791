#include "patchcore/patchcore.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/thread.h"
#include "num/distance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void patchcore_free(struct patchcore *m)
{
    neighbours_free(m->index);
    scratch_free(&m->store);
    scratch_free(&m->written);
    free(m->scale);
    free(m->owner);
    *m = (struct patchcore){0};
}

void patchcore_hold(struct patchcore *m, struct scratch store, size_t n)
{
    neighbours_free(m->index);
    m->index = NULL;
    scratch_free(&m->store);
    m->store = store;
    m->bank = store.data;
    m->n = n;
}

enum { SCALE_BLOCK = 64 };

struct scaling {
    const struct patchcore *m;
    float *patch;
    size_t n;
};

static void scale_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct scaling *s = arg;
    const size_t from = task * SCALE_BLOCK, end = size_least(s->n, from + SCALE_BLOCK);
    for (size_t i = from; i < end; i++)
        for (size_t c = 0; c < s->m->channels; c++)
            s->patch[i * s->m->dims + c] *= s->m->scale[c];
}

void patchcore_scale(const struct patchcore *m, float *patch, size_t n)
{
    if (m->scale)
        pool_run(size_parts(n, SCALE_BLOCK), scale_task, &(struct scaling){m, patch, n});
}

/* 1 - softmax(d)_1 for the distances of `patch` to the bank vectors nearest to vector `centre`. */
static double weight_of(const struct patchcore *m, const float *patch, uint32_t centre, uint32_t without)
{
    uint32_t near[PATCHCORE_NEIGHBOURS_MAX];
    float squared[PATCHCORE_NEIGHBOURS_MAX];
    double d[PATCHCORE_NEIGHBOURS_MAX], most = 0, sum = 0;
    const size_t k =
        neighbours_list(m->index, near, squared, m->bank + centre * m->dims, m->neighbours, without);
    for (size_t i = 0; i < k; i++) {
        d[i] = sqrt((double)distance_squared(patch, m->bank + near[i] * m->dims, m->dims));
        most = d[i] > most ? d[i] : most;
    }
    for (size_t i = 0; i < k; i++)
        sum += exp(d[i] - most);
    return 1 - exp(d[0] - most) / sum; /* cppcheck-suppress uninitvar; centre is near itself: k > 0 */
}

double patchcore_score(const struct patchcore *m, float *distance, const float *patch, size_t n,
                       uint32_t without)
{
    uint32_t *index = xmalloc(n, sizeof *index);
    size_t worst = 0;
    neighbours_nearest(m->index, index, distance, patch, n, without);
    for (size_t i = 0; i < n; i++) {
        distance[i] = m->squared ? distance[i] : sqrtf(distance[i]);
        worst = distance[i] > distance[worst] ? i : worst;
    }
    double score = (double)distance[worst];
    if (m->neighbours > 1 && isfinite(score))
        score *= weight_of(m, patch + worst * m->dims, index[worst], without);
    free(index);
    return score;
}
