#include "base/mem.h"
#include "codec/pth_parts.h"
#include <stdlib.h>
#include <string.h>

/* A tensor is elements [first, first + count) of a storage, seen through an offset and strides in elements, and maybe with
 * the other sign. */
struct storage_view {
    struct pth_storage *storage;
    size_t first, count;
    size_t offset, stride[TENSOR_RANK_MAX];
    bool negative;
};

static bool is_parameter(const char *class_name)
{
    return strcmp(class_name, "torch._utils._rebuild_parameter") == 0 ||
           strcmp(class_name, "torch._utils._rebuild_parameter_with_state") == 0;
}

static bool is_plain(const char *class_name)
{
    return strcmp(class_name, "torch._utils._rebuild_tensor_v2") == 0 ||
           strcmp(class_name, "torch._utils._rebuild_tensor") == 0;
}

static bool is_from_type(const char *class_name)
{
    return strcmp(class_name, "torch._tensor._rebuild_from_type_v2") == 0;
}

/* The arguments (storage, offset, size, stride, ...) of the tensor in v, which may be wrapped as a parameter,
 * _rebuild_parameter(tensor, ...), or as a subclass, _rebuild_from_type_v2(function, type, arguments, state).
 * NULL when it isn't one. */
static const struct pickle_value *tensor_args(const struct pickle_value *v)
{
    enum { WRAPPERS_MAX = 8 };
    if (v->kind != PICKLE_OBJECT)
        return NULL;
    const char *class_name = v->callable->text;
    const struct pickle_value *args = v->args;
    for (int depth = 0; depth < WRAPPERS_MAX; depth++) {
        if (is_plain(class_name))
            return args->n >= 4 ? args : NULL;
        if (is_parameter(class_name) && args->n >= 1 && args->items[0]->kind == PICKLE_OBJECT) {
            v = args->items[0];
            class_name = v->callable->text;
            args = v->args;
        } else if (is_from_type(class_name) && args->n >= 3 && args->items[0]->kind == PICKLE_CLASS &&
                   args->items[2]->kind == PICKLE_TUPLE) {
            class_name = args->items[0]->text;
            args = args->items[2];
        } else {
            return NULL;
        }
    }
    return NULL;
}

bool pth_is_tensor(const struct pickle_value *v)
{
    return tensor_args(v) != NULL;
}

/* Whole numbers from 0 on, at most TENSOR_RANK_MAX, out of a tuple or a torch.Size of one. */
static bool read_sizes(size_t *out, size_t *n, const struct pickle_value *v)
{
    if (pickle_is_object(v, "torch.Size") && v->args->n == 1)
        v = v->args->items[0];
    if (v->kind != PICKLE_TUPLE || v->n > TENSOR_RANK_MAX)
        return false;
    *n = v->n;
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i]->kind != PICKLE_INT || v->items[i]->integer < 0)
            return false;
        out[i] = (size_t)v->items[i]->integer;
    }
    return true;
}

/* Legacy files may split a storage into views: (key, offset, count) as the id's sixth part. */
static bool read_part(struct storage_view *view, const struct pickle_value *part, struct err *e)
{
    if (part->kind == PICKLE_NONE)
        return true;
    if (part->kind != PICKLE_TUPLE || part->n != 3 || part->items[1]->kind != PICKLE_INT ||
        part->items[2]->kind != PICKLE_INT || part->items[1]->integer < 0 || part->items[2]->integer < 0)
        return err_set(e, "the view of its storage is malformed");
    size_t first = (size_t)part->items[1]->integer, count = (size_t)part->items[2]->integer;
    if (first > view->count || count > view->count - first)
        return err_set(e, "the view of its storage reaches beyond it");
    view->first = first;
    view->count = count;
    return true;
}

/* The storage that a tensor's first argument names, loaded. */
static bool read_storage(struct storage_view *view, const struct pickle_value *v, struct pth_storages *s,
                         struct err *e)
{
    if (v->kind != PICKLE_PERSISTENT)
        return err_set(e, "its storage is %s", pickle_type(v));
    const struct pickle_value *id = v->items[0]; /* checked by pth_storages_collect */
    view->storage = pth_storage_find(s, id->items[2]->text, id->items[2]->length);
    view->count = view->storage->count;
    return (id->n < 6 || read_part(view, id->items[5], e)) && pth_storage_load(s, view->storage, e);
}

/* The seventh argument of _rebuild_tensor_v2, since PyTorch 2.0: a dict of what its storage and strides don't tell. Its
 * "neg" says that the elements are those of the storage with the other sign, as x.neg() of a complex number's part is. A
 * "conj" concerns complex tensors, which are not read; what else there may be is not known. */
static bool read_metadata(struct storage_view *view, const struct pickle_value *args, struct err *e)
{
    const struct pickle_value *data = args->n >= 7 ? args->items[6] : NULL;
    if (!data || data->kind == PICKLE_NONE)
        return true;
    if (data->kind != PICKLE_DICT)
        return err_set(e, "its metadata are %s, not a dict", pickle_type(data));
    for (size_t i = 0; i + 1 < data->n; i += 2) {
        const struct pickle_value *key = data->items[i], *value = data->items[i + 1];
        if (value->kind == PICKLE_BOOL && !value->integer)
            continue;
        if (value->kind != PICKLE_BOOL || !pickle_is_string(key, "neg"))
            return err_set(e, "its metadata hold '%.*s', which is not read",
                           key->kind == PICKLE_STRING && key->length < 60 ? (int)key->length : 0, key->text);
        view->negative = true;
    }
    return true;
}

/* Whether the last element seen is inside the storage; an empty tensor sees none. */
static bool inside(const struct storage_view *view, const struct tensor *t)
{
    size_t last = view->offset, step;
    if (tensor_count(t) == 0)
        return true;
    for (size_t i = 0; i < t->rank; i++)
        if (!mem_mul(t->dim[i] - 1, view->stride[i], &step) || !mem_add(last, step, &last))
            return false;
    return last < view->count;
}

static bool dense(const struct storage_view *view, const struct tensor *t)
{
    size_t expected = 1;
    for (size_t i = t->rank; i-- > 0;) {
        if (t->dim[i] != 1 && view->stride[i] != expected)
            return false;
        expected *= t->dim[i];
    }
    return true;
}

/* n elements of `size` bytes, one after the other out of every stride-th. */
static void gather_row(unsigned char *out, const unsigned char *in, size_t n, size_t stride, size_t size)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * size, in + i * stride * size, size);
}

/* Counts the outer dimensions up like an odometer, the last one is a row. */
static void gather(struct tensor *t, const unsigned char *in, const struct storage_view *view)
{
    size_t index[TENSOR_RANK_MAX] = {0}, size = dtype_size(t->type), inner = t->rank - 1, at = 0;
    size_t row = t->dim[inner], rows = tensor_count(t) / row;
    unsigned char *out = t->data;
    for (size_t r = 0; r < rows; r++) {
        gather_row(out + r * row * size, in + at * size, row, view->stride[inner], size);
        for (size_t d = inner; d-- > 0;) {
            at += view->stride[d];
            if (++index[d] < t->dim[d])
                break;
            at -= view->stride[d] * t->dim[d];
            index[d] = 0;
        }
    }
}

/* Whole numbers as two's complement, as torch does; 0 of a float becomes -0. */
static void negate(struct tensor *t)
{
    bool real = t->type == DT_F32 || t->type == DT_F64 || t->type == DT_F16 || t->type == DT_BF16;
    size_t n = tensor_count(t), size = dtype_size(t->type);
    unsigned char *p = t->data;
    for (size_t i = 0; i < n; i++, p += size) {
        if (real) {
            p[size - 1] ^= 0x80;
            continue;
        }
        unsigned carry = 1;
        for (size_t b = 0; b < size; b++) {
            carry += p[b] ^ 0xffu;
            p[b] = (unsigned char)carry;
            carry >>= 8;
        }
    }
}

static void fill(struct tensor *t, const unsigned char *in, const struct storage_view *view)
{
    if (dense(view, t))
        memcpy(t->data, in, tensor_bytes(t));
    else
        gather(t, in, view);
    if (view->negative)
        negate(t);
}

bool pth_tensor_build(struct tensor *out, const struct pickle_value *v, struct pth_storages *s, struct err *e)
{
    const struct pickle_value *args = tensor_args(v), *offset = args->items[1];
    struct storage_view view = {0};
    size_t strides;
    struct tensor t = {0};
    if (offset->kind != PICKLE_INT || offset->integer < 0 || !read_sizes(t.dim, &t.rank, args->items[2]) ||
        !read_sizes(view.stride, &strides, args->items[3]) || strides != t.rank)
        return err_set(e, "its offset, shape or strides are malformed, or it has more than %d dimensions",
                       TENSOR_RANK_MAX);
    view.offset = (size_t)offset->integer;
    if (!read_metadata(&view, args, e) || !read_storage(&view, args->items[0], s, e))
        return false;
    t.type = view.storage->type;
    if (view.negative && t.type == DT_BOOL)
        return err_set(e, "it is the negative of truth values");
    if (!tensor_sane(&t, s->left))
        return err_set(e, "it needs more memory than the %zu bytes that are left", s->left);
    if (!inside(&view, &t))
        return err_set(e, "it reaches beyond its storage");
    size_t bytes = tensor_bytes(&t);
    t.data = xaligned(bytes, 1);
    s->left -= bytes;
    if (bytes)
        fill(&t, view.storage->data.data + (view.first + view.offset) * dtype_size(t.type), &view);
    *out = t;
    return true;
}
