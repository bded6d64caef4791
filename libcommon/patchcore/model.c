/* A bank and its scale in a model file. Both ways the bank may be larger than memory (base/scratch.h): it is walked over in blocks. */
#include "base/mem.h"
#include "base/size.h"
#include "num/distance.h"
#include "patchcore/patchcore.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1024 }; /* vectors, from one scratch_relax to the next */

void patchcore_round(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = f16_to_f32(f32_to_f16(x[i]));
}

static void write_half(uint16_t *out, const float *x, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        out[c] = f32_to_f16(x[c]);
        if (!isfinite(f16_to_f32(out[c])))
            die("a feature of %g doesn't fit half precision", (double)x[c]);
    }
}

/* The bank itself, where that is how it is written. */
static struct tensor as_written(struct patchcore *m, bool half)
{
    struct tensor t = {half ? DT_F16 : DT_F32, 2, {m->n, m->channels}, m->bank};
    if (!half && m->channels == m->dims)
        return t;
    scratch_free(&m->written);
    m->written = scratch_new(m->n * m->channels, dtype_size(t.type), "the bank as it is written");
    t.data = m->written.data;
    for (size_t i = 0; i < m->n; i++) {
        const float *x = m->bank + i * m->dims;
        if (half)
            write_half((uint16_t *)t.data + i * m->channels, x, m->channels);
        else
            memcpy((float *)t.data + i * m->channels, x, m->channels * sizeof *x);
        if (i % BLOCK == 0)
            scratch_relax();
    }
    return t;
}

void patchcore_save(struct safetensors *st, struct patchcore *m, bool half)
{
    safetensors_add_lent(st, "bank", as_written(m, half));
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

/* Vectors [from, from + n) of t. */
static struct tensor part_of(const struct tensor *t, size_t from, size_t n)
{
    return (struct tensor){
        t->type, 2, {n, t->dim[1]}, (char *)t->data + from * t->dim[1] * dtype_size(t->type)};
}

static void read_block(float *out, size_t dims, const struct tensor *t, float *room, const char *path)
{
    const size_t n = t->dim[0], channels = t->dim[1];
    tensor_to_f32(room, t);
    for (size_t i = 0; i < n * channels; i++)
        if (!isfinite(room[i]))
            die("%s: the bank holds NaN or infinity", path);
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * dims, room + i * channels, channels * sizeof *out);
        memset(out + i * dims + channels, 0, (dims - channels) * sizeof *out);
    }
}

void patchcore_read(struct patchcore *m, const struct safetensors *st, const char *path)
{
    const struct tensor *t = find_bank(st, path);
    const size_t n = t->dim[0];
    m->channels = t->dim[1];
    m->scale = load_scale(st, path, m->channels);
    m->dims = distance_padded(m->channels);
    struct scratch store = scratch_new(n * m->dims, sizeof *m->bank, "the memory bank");
    float *room = xmalloc(size_least(n, BLOCK) * m->channels, sizeof *room);
    for (size_t from = 0; from < n; from += BLOCK) {
        const struct tensor part = part_of(t, from, size_least(BLOCK, n - from));
        read_block((float *)store.data + from * m->dims, m->dims, &part, room, path);
        safetensors_forget(st, &part);
        scratch_relax();
    }
    free(room);
    patchcore_hold(m, store, n);
}

void patchcore_load(struct patchcore *m, const struct safetensors *st, const char *path)
{
    patchcore_read(m, st, path);
    m->index = neighbours_new(m->bank, NULL, m->n, m->dims);
}
