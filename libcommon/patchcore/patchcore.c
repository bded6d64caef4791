#include "patchcore/patchcore.h"
#include "base/mem.h"
#include "num/distance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIGMA 4.0

const char *const patchcore_patches[] = {"pooled", "binned", NULL};
const char *const patchcore_distances[] = {"euclidean", "squared", NULL};
const char *const patchcore_borders[] = {"mirror", "edge", NULL};
const char *const patchcore_upsamples[] = {"bilinear", "nearest", NULL};

void patchcore_free(struct patchcore *m)
{
    neighbours_free(m->index);
    free(m->bank);
    free(m->owner);
    *m = (struct patchcore){0};
}

void patchcore_pad(float *out, size_t to, const float *in, size_t from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * to, in + i * from, from * sizeof *in);
        memset(out + i * to + from, 0, (to - from) * sizeof *in);
    }
}

/* 1 - softmax(d)_1 for the distances of `patch` to the bank vectors nearest to vector `centre`. */
static double weight_of(const struct patchcore *m, const float *patch, uint32_t centre, uint32_t without)
{
    uint32_t near[PATCHCORE_NEIGHBOURS_MAX];
    float squared[PATCHCORE_NEIGHBOURS_MAX];
    double d[PATCHCORE_NEIGHBOURS_MAX], most = 0, sum = 0;
    const size_t k =
        neighbours_list(m->index, near, squared, m->bank + centre * m->dims, m->rules.neighbours, without);
    for (size_t i = 0; i < k; i++) {
        d[i] = sqrt((double)distance_squared(patch, m->bank + near[i] * m->dims, m->dims));
        most = d[i] > most ? d[i] : most;
    }
    for (size_t i = 0; i < k; i++)
        sum += exp(d[i] - most);
    return 1 - exp(d[0] - most) / sum; /* cppcheck-suppress uninitvar; centre is near itself: k > 0 */
}

double patchcore_score(const struct patchcore *m, float *map, struct map_size size, const float *patch,
                       size_t height, size_t width, uint32_t without)
{
    const size_t n = height * width;
    uint32_t *index = xmalloc(n, sizeof *index);
    float *distance = xmalloc(n, sizeof *distance);
    size_t worst = 0;
    neighbours_nearest(m->index, index, distance, patch, n, without);
    for (size_t i = 0; i < n; i++) {
        distance[i] = m->rules.squared ? distance[i] : sqrtf(distance[i]);
        worst = distance[i] > distance[worst] ? i : worst;
    }
    double score = (double)distance[worst];
    if (m->rules.neighbours > 1 && isfinite(score))
        score *= weight_of(m, patch + worst * m->dims, index[worst], without);
    map_resize(map, size.height, size.width, distance, height, width, 1, m->rules.upsample);
    map_blur(map, size.height, size.width, SIGMA, m->rules.border);
    free(distance);
    free(index);
    return score;
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
    note_set(&st->meta, "patches", patchcore_patches[m->rules.patches]);
    note_set(&st->meta, "distance", patchcore_distances[m->rules.squared]);
    note_setf(&st->meta, "neighbours", "%zu", m->rules.neighbours);
    note_set(&st->meta, "upsample", patchcore_upsamples[m->rules.upsample == MAP_NEAREST]);
    note_set(&st->meta, "border", patchcore_borders[m->rules.border]);
}

/* The index of a metadata value among names. */
static size_t choice(const struct note *meta, const char *path, const char *key, const char *const *names)
{
    const char *text = note_get(meta, key);
    for (size_t i = 0; text && names[i]; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    die("%s: %s=%s is not known", path, key, text ? text : "");
}

static void load_rules(struct patchcore_rules *rules, const struct note *meta, const char *path)
{
    rules->patches = (enum patch_rule)choice(meta, path, "patches", patchcore_patches);
    rules->squared = choice(meta, path, "distance", patchcore_distances);
    rules->upsample = choice(meta, path, "upsample", patchcore_upsamples) ? MAP_NEAREST : MAP_HALF_PIXEL;
    rules->border = (enum map_border)choice(meta, path, "border", patchcore_borders);
    const double k = model_number(meta, path, "neighbours");
    if (!(k >= 1 && k <= PATCHCORE_NEIGHBOURS_MAX))
        die("%s: neighbours=%g is not in 1..%d", path, k, PATCHCORE_NEIGHBOURS_MAX);
    rules->neighbours = (size_t)k;
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

void patchcore_load(struct patchcore *m, const struct safetensors *st, const char *path)
{
    const struct tensor *t = find_bank(st, path);
    *m = (struct patchcore){.n = t->dim[0], .channels = t->dim[1], .dims = distance_padded(t->dim[1])};
    load_rules(&m->rules, &st->meta, path);
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
    m->index = neighbours_new(m->bank, NULL, m->n, m->dims);
}
