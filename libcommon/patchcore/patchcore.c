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
    free(m->bank);
    free(m->scale);
    free(m->owner);
    *m = (struct patchcore){0};
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

void patchcore_round(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = f16_to_f32(f32_to_f16(x[i]));
}

static struct tensor bank_as_f16(const struct patchcore *m)
{
    struct tensor t = tensor_new(DT_F16, 2, (size_t[]){m->n, m->channels});
    for (size_t i = 0; i < m->n * m->channels; i++) {
        const float x = m->bank[i / m->channels * m->dims + i % m->channels];
        const uint16_t h = f32_to_f16(x);
        if (!isfinite(f16_to_f32(h)))
            die("a feature of %g doesn't fit half precision", (double)x);
        ((uint16_t *)t.data)[i] = h;
    }
    return t;
}

static struct tensor bank_as_f32(const struct patchcore *m)
{
    struct tensor t = tensor_new(DT_F32, 2, (size_t[]){m->n, m->channels});
    float *out = t.data;
    for (size_t i = 0; i < m->n; i++)
        memcpy(out + i * m->channels, m->bank + i * m->dims, m->channels * sizeof *out);
    return t;
}

void patchcore_save(struct safetensors *st, const struct patchcore *m, bool half)
{
    safetensors_add_owned(st, "bank", half ? bank_as_f16(m) : bank_as_f32(m));
    if (m->scale) {
        const struct tensor scale = {DT_F32, 1, {m->channels}, m->scale};
        safetensors_add(st, "scale", &scale);
    }
}

static const struct tensor *find_bank(const struct safetensors *st, const char *path)
{
    const struct tensor *t = safetensors_find(st, "bank");
    char shape[128];
    if (!t)
        die("%s: no bank in it", path);
    if ((t->type != DT_F32 && t->type != DT_F16) || t->rank != 2 || tensor_count(t) == 0 ||
        t->dim[0] > UINT32_MAX - 1)
        die("%s: a bank of shape %s, not vectors x channels of f32 or f16", path,
            tensor_shape_text(t, shape));
    return t;
}

/* NULL where there is none. */
static float *load_scale(const struct safetensors *st, const char *path, size_t channels)
{
    const struct tensor *t = safetensors_find(st, "scale");
    char shape[128];
    if (!t)
        return NULL;
    if (t->type != DT_F32 || t->rank != 1 || t->dim[0] != channels)
        die("%s: a scale of shape %s, not %zu numbers of f32", path, tensor_shape_text(t, shape), channels);
    float *scale = xmalloc(channels, sizeof *scale);
    tensor_to_f32(scale, t);
    for (size_t c = 0; c < channels; c++)
        if (!isfinite(scale[c]) || scale[c] <= 0)
            die("%s: a scale of %g", path, (double)scale[c]);
    return scale;
}

void patchcore_read(struct patchcore *m, const struct safetensors *st, const char *path)
{
    const struct tensor *t = find_bank(st, path);
    m->n = t->dim[0];
    m->channels = t->dim[1];
    m->scale = load_scale(st, path, m->channels);
    m->dims = distance_padded(m->channels);
    mem_need(m->n * m->dims * sizeof *m->bank, "the memory bank");
    m->bank = xaligned(m->n * m->dims, sizeof *m->bank);
    tensor_to_f32(m->bank, t);
    for (size_t i = 0; i < m->n * m->channels; i++)
        if (!isfinite(m->bank[i]))
            die("%s: the bank holds NaN or infinity", path);
    if (m->dims != m->channels)
        for (size_t i = m->n; i-- > 0;) { /* from behind, so that nothing is overwritten before it is moved */
            memmove(m->bank + i * m->dims, m->bank + i * m->channels, m->channels * sizeof *m->bank);
            memset(m->bank + i * m->dims + m->channels, 0, (m->dims - m->channels) * sizeof *m->bank);
        }
}

void patchcore_load(struct patchcore *m, const struct safetensors *st, const char *path)
{
    patchcore_read(m, st, path);
    m->index = neighbours_new(m->bank, NULL, m->n, m->dims);
}
