#include "stream/safetensors.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used as they lie in the file");

const char *const safetensors_dtype[DT_COUNT] = {
    [DT_F32] = "F32", [DT_F16] = "F16", [DT_BF16] = "BF16", [DT_F64] = "F64", [DT_I64] = "I64",
    [DT_I32] = "I32", [DT_I16] = "I16", [DT_U8] = "U8",     [DT_I8] = "I8",   [DT_BOOL] = "BOOL"};

/* Where name is, or belongs; true when it is there. */
static bool locate(const struct safetensors *st, const char *name, size_t *at)
{
    size_t low = 0, high = st->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(st->entry[middle].name, name);
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

const struct tensor *safetensors_find(const struct safetensors *st, const char *name)
{
    size_t at;
    return locate(st, name, &at) ? &st->entry[at].tensor : NULL;
}

const char *safetensors_why_not(const struct safetensors *st, const char *name, struct err *why)
{
    const char *type = note_get(&st->unread, name);
    if (type)
        err_set(why, "holds elements of type %s, which are not supported", type);
    else
        err_set(why, "is missing");
    return why->text;
}

static void add(struct safetensors *st, const char *name, struct tensor t, bool lent)
{
    size_t at;
    if (locate(st, name, &at) || strcmp(name, "__metadata__") == 0)
        die("tensor %s: the name is taken", name);
    st->entry = xgrow(st->entry, st->n, &st->capacity, sizeof *st->entry);
    memmove(st->entry + at + 1, st->entry + at, (st->n - at) * sizeof *st->entry);
    st->entry[at] = (struct named_tensor){xstrdup(name), t, lent};
    st->n++;
}

void safetensors_add_owned(struct safetensors *st, const char *name, struct tensor t)
{
    add(st, name, t, false);
}

void safetensors_add_lent(struct safetensors *st, const char *name, struct tensor t)
{
    add(st, name, t, true);
}

void safetensors_add(struct safetensors *st, const char *name, const struct tensor *t)
{
    struct tensor copy = tensor_new(t->type, t->rank, t->dim);
    memcpy(copy.data, t->data, tensor_bytes(t));
    safetensors_add_owned(st, name, copy);
}

void safetensors_narrow(struct safetensors *st)
{
    for (size_t i = 0; i < st->n; i++) {
        struct tensor *t = &st->entry[i].tensor;
        if (t->type != DT_F32 || t->rank < 2)
            continue;
        struct tensor narrow = tensor_new(DT_BF16, t->rank, t->dim);
        const size_t n = tensor_count(t);
        for (size_t k = 0; k < n; k++)
            ((uint16_t *)narrow.data)[k] = f32_to_bf16(((const float *)t->data)[k]);
        if (!st->entry[i].lent)
            tensor_free(t);
        st->entry[i].lent = false;
        *t = narrow;
    }
}

static bool inside(const struct safetensors *st, const void *data)
{
    uintptr_t p = (uintptr_t)data, begin = (uintptr_t)st->mapping;
    return st->mapping && p >= begin && p - begin <= st->mapped;
}

void safetensors_forget(const struct safetensors *st, const struct tensor *t)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)t->data;
    const uintptr_t from = (begin + page - 1) / page * page, to = (begin + tensor_bytes(t)) / page * page;
    if (st->mapping_kind == ST_MAPPED && inside(st, t->data) && to > from)
        madvise((void *)from, to - from, MADV_DONTNEED); /* a hint: that it fails changes nothing */
}

void safetensors_free(struct safetensors *st)
{
    for (size_t i = 0; i < st->n; i++) {
        free(st->entry[i].name);
        if (!st->entry[i].lent && !inside(st, st->entry[i].tensor.data))
            free(st->entry[i].tensor.data);
    }
    free(st->entry);
    note_clear(&st->unread);
    note_clear(&st->meta);
    if (st->mapping_kind == ST_MAPPED)
        munmap(st->mapping, st->mapped);
    else if (st->mapping_kind == ST_ALLOCATED)
        free(st->mapping);
    *st = (struct safetensors){0};
}

uint64_t safetensors_hash(const struct safetensors *st)
{
    struct hash h;
    hash_init(&h);
    for (size_t i = 0; i < st->n; i++) {
        const struct named_tensor *e = &st->entry[i];
        const char *type = safetensors_dtype[e->tensor.type];
        char shape[128];
        tensor_shape_text(&e->tensor, shape);
        hash_add(&h, e->name, strlen(e->name) + 1);
        hash_add(&h, type, strlen(type) + 1);
        hash_add(&h, shape, strlen(shape) + 1);
        hash_add(&h, e->tensor.data, tensor_bytes(&e->tensor));
        safetensors_forget(st, &e->tensor);
    }
    return hash_value(&h);
}
