#include "base/file.h"
#include "base/mem.h"
#include "stream/json.h"
#include "stream/safetensors.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The reference implementation's limit on headers; and ours on whole files that come through a pipe. */
enum { HEADER_MAX = 100000000 };
#define PIPE_MAX ((size_t)1 << 34)

/* A tensor as the header describes it. */
struct item {
    char *name;
    struct tensor like; /* type DT_COUNT: one that fern does not know, `type` */
    char type[32];
    size_t begin, end;
};

struct items {
    struct item *item;
    size_t n, capacity;
};

static bool take_shape(struct json *j, struct tensor *t)
{
    if (!json_mark(j, '['))
        return false;
    for (t->rank = 0; !json_mark(j, ']'); t->rank++)
        if ((t->rank && !json_mark(j, ',')) || t->rank == TENSOR_RANK_MAX || !json_size(j, &t->dim[t->rank]))
            return false;
    return true;
}

static bool take_type(struct json *j, struct item *it, struct err *e)
{
    char *name;
    if (!json_string(j, &name))
        return err_set(e, "dtype is no string");
    enum dtype t = 0;
    while (t < DT_COUNT && strcmp(safetensors_dtype[t], name) != 0)
        t++;
    it->like.type = t;
    snprintf(it->type, sizeof it->type, "%s", name);
    free(name);
    return true;
}

static bool take_field(struct json *j, struct item *it, unsigned *seen, struct err *e)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    char *key;
    unsigned which = 0;
    if (!json_string(j, &key))
        return err_set(e, "a key was expected");
    while (which < 3 && strcmp(key, keys[which]) != 0)
        which++;
    free(key);
    if (which == 3 || (*seen & 1u << which) || !json_mark(j, ':'))
        return err_set(e, "an unknown key, a key twice, or no ':'");
    *seen |= 1u << which;
    if (which == 0)
        return take_type(j, it, e);
    if (which == 1)
        return take_shape(j, &it->like) || err_set(e, "bad shape");
    return (json_mark(j, '[') && json_size(j, &it->begin) && json_mark(j, ',') && json_size(j, &it->end) &&
            json_mark(j, ']')) ||
           err_set(e, "bad data_offsets");
}

/* {"dtype": ..., "shape": [...], "data_offsets": [begin, end]} */
static bool take_item(struct json *j, struct item *it, struct err *e)
{
    unsigned seen = 0;
    if (!json_mark(j, '{'))
        return err_set(e, "'{' was expected");
    do
        if (!take_field(j, it, &seen, e))
            return false;
    while (json_mark(j, ','));
    if (!json_mark(j, '}') || seen != 7)
        return err_set(e, "dtype, shape and data_offsets were expected");
    return true;
}

/* A key that occurs more than once (by=) is one string of lines. */
static void add_meta(struct note *meta, const char *key, char *value)
{
    if (strcmp(key, "by") != 0) {
        note_add(meta, key, value);
        return;
    }
    for (char *line; (line = strsep(&value, "\n"));)
        note_add(meta, key, line);
}

static bool take_meta(struct json *j, struct note *meta, struct err *e)
{
    if (!json_mark(j, '{'))
        return err_set(e, "__metadata__ is no object");
    if (json_mark(j, '}'))
        return true;
    do {
        char *key = NULL, *value = NULL;
        bool fine = json_string(j, &key) && json_mark(j, ':') && json_string(j, &value);
        if (fine && note_get(meta, key))
            fine = false;
        else if (fine)
            add_meta(meta, key, value);
        free(key);
        free(value);
        if (!fine)
            return err_set(e, "__metadata__ must be strings, each key once");
    } while (json_mark(j, ','));
    return json_mark(j, '}') || err_set(e, "__metadata__ is not closed");
}

static bool take_entry(struct json *j, struct items *all, struct note *meta, struct err *e)
{
    char *name;
    if (!json_string(j, &name))
        return err_set(e, "the header is no JSON object of names");
    bool fine = json_mark(j, ':') || err_set(e, "':' was expected");
    if (fine && strcmp(name, "__metadata__") == 0) {
        fine = meta->n == 0 ? take_meta(j, meta, e) : err_set(e, "__metadata__ twice");
    } else if (fine) {
        struct item it = {.name = name};
        struct err why;
        fine = take_item(j, &it, &why) || err_set(e, "tensor %s: %s", name, why.text);
        all->item = xgrow(all->item, all->n, &all->capacity, sizeof *all->item);
        all->item[all->n++] = it;
        return fine;
    }
    free(name);
    return fine;
}

static bool take_header(struct json *j, struct items *all, struct note *meta, struct err *e)
{
    if (!json_mark(j, '{'))
        return err_set(e, "the header is no JSON object");
    if (!json_mark(j, '}')) {
        do
            if (!take_entry(j, all, meta, e))
                return false;
        while (json_mark(j, ','));
        if (!json_mark(j, '}'))
            return err_set(e, "the header's JSON is broken at byte %td from its end", j->end - j->p);
    }
    return json_end(j) || err_set(e, "something follows the header's JSON");
}

static int by_offset(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

static void sort(struct items *all, int (*order)(const void *, const void *))
{
    if (all->n)
        qsort(all->item, all->n, sizeof *all->item, order);
}

/* The tensors must tile the data: in range, no overlap, no hole, nothing behind them. */
static bool check_tiling(struct items *all, size_t bytes, struct err *e)
{
    size_t reached = 0;
    sort(all, by_offset);
    for (size_t i = 0; i < all->n; i++) {
        const struct item *it = &all->item[i];
        if (it->end < it->begin || it->end > bytes)
            return err_set(e, "tensor %s: bytes %zu to %zu are outside the file's %zu: it may be cut",
                           it->name, it->begin, it->end, bytes);
        if (it->begin != reached)
            return err_set(e, "tensor %s: begins at byte %zu, the one before ends at %zu", it->name,
                           it->begin, reached);
        const bool known = it->like.type != DT_COUNT;
        if (known &&
            (!tensor_sane(&it->like, SIZE_MAX / 2) || tensor_bytes(&it->like) != it->end - it->begin))
            return err_set(e, "tensor %s: %zu bytes do not fit its shape", it->name, it->end - it->begin);
        reached = it->end;
    }
    return reached == bytes || err_set(e, "%zu bytes belong to no tensor", bytes - reached);
}

/* Takes the names over. Tensors stay in the file's bytes, but for those that lie at odd addresses. */
static bool build(struct safetensors *st, struct items *all, const unsigned char *data, struct err *e)
{
    sort(all, by_name);
    for (size_t i = 1; i < all->n; i++)
        if (strcmp(all->item[i - 1].name, all->item[i].name) == 0)
            return err_set(e, "tensor %s: described twice", all->item[i].name);
    st->entry = xmalloc(all->n, sizeof *st->entry);
    st->capacity = all->n;
    for (size_t i = 0; i < all->n; i++) {
        struct tensor t = all->item[i].like;
        if (t.type == DT_COUNT) {
            note_add(&st->unread, all->item[i].name, all->item[i].type);
            continue;
        }
        const unsigned char *at = data + all->item[i].begin;
        if ((uintptr_t)at % dtype_size(t.type)) {
            t = tensor_new(t.type, t.rank, t.dim);
            memcpy(t.data, at, tensor_bytes(&t));
        } else {
            t.data = (void *)(uintptr_t)at;
        }
        st->entry[st->n++] = (struct named_tensor){all->item[i].name, t, false};
        all->item[i].name = NULL;
    }
    return true;
}

/* Files that are taken for weights: the reason says what to do. */
static bool refuse(const unsigned char *data, size_t n, uint64_t header, struct err *e)
{
    static const char lfs[] = "version https://git-lfs";
    if (n >= sizeof lfs - 1 && memcmp(data, lfs, sizeof lfs - 1) == 0)
        return err_set(e, "a pointer of Git LFS, not the file itself: git lfs pull fetches that");
    if (n >= 4 && (memcmp(data, "PK\3\4", 4) == 0 || (data[0] == 0x80 && data[1] >= 2 && data[1] <= 5)))
        return err_set(e, "a PyTorch checkpoint, it seems: pth2st -o FILE.safetensors makes weights of it");
    if (n < 8)
        return err_set(e, "not a safetensors file: %zu bytes", n);
    return err_set(e, "not a safetensors file, or cut: a header of %ju bytes in %zu", (uintmax_t)header, n);
}

bool safetensors_parse(struct safetensors *st, const unsigned char *data, size_t n, struct err *e)
{
    uint64_t header = 0;
    struct items all = {0};
    *st = (struct safetensors){.mapping = (void *)(uintptr_t)data, .mapped = n};
    for (size_t i = 0; i < 8 && n >= 8; i++)
        header |= (uint64_t)data[i] << 8 * i;
    if (n < 8 || header > HEADER_MAX || header > n - 8)
        return refuse(data, n, header, e);
    struct json j = {(const char *)data + 8, (const char *)data + 8 + header};
    bool fine = take_header(&j, &all, &st->meta, e) && check_tiling(&all, n - 8 - header, e) &&
                build(st, &all, data + 8 + header, e);
    for (size_t i = 0; i < all.n; i++)
        free(all.item[i].name);
    free(all.item);
    if (!fine)
        safetensors_free(st);
    return fine;
}

/* The file's bytes, mapped, or read where it is a pipe. */
static bool load(struct safetensors *file, const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return err_set(e, "cannot open:");
        file->mapped = (size_t)st.st_size;
        file->mapping = mmap(NULL, file->mapped, PROT_READ, MAP_PRIVATE, fd, 0);
        file->mapping_kind = ST_MAPPED;
        close(fd);
        return file->mapping != MAP_FAILED || err_set(e, "cannot map:");
    }
    unsigned char *data;
    if (!file_slurp(path, PIPE_MAX, &data, &file->mapped, e))
        return false;
    file->mapping = data;
    file->mapping_kind = ST_ALLOCATED;
    return true;
}

bool safetensors_read(struct safetensors *st, const char *path, struct err *e)
{
    struct safetensors file = {0};
    *st = file;
    if (!load(&file, path, e))
        return false;
    if (!safetensors_parse(st, file.mapping, file.mapped, e)) {
        safetensors_free(&file);
        return false;
    }
    st->mapping_kind = file.mapping_kind;
    return true;
}

void safetensors_open(struct safetensors *st, const char *path)
{
    struct err e;
    if (!safetensors_read(st, path, &e))
        die("%s: %s", path, e.text);
}
