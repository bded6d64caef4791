#include "base/mem.h"
#include "codec/pth_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SHOWN = 60 };

static int compare(const void *a, const void *b)
{
    const struct pth_storage *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->key, y->key, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static bool read_id(struct pth_storage *out, const struct pickle_value *id, struct err *e)
{
    if (id->kind != PICKLE_TUPLE || id->n < 5 || !pickle_is_string(id->items[0], "storage"))
        return err_set(e, "a persistent id is not that of a storage");
    const struct pickle_value *class = id->items[1], *key = id->items[2], *count = id->items[4];
    if (class->kind != PICKLE_CLASS || key->kind != PICKLE_STRING || count->kind != PICKLE_INT ||
        count->integer < 0)
        return err_set(e, "the persistent id of a storage is malformed");
    *out = (struct pth_storage){.key = key->text,
                                .length = key->length,
                                .class_name = class->text,
                                .type = pth_storage_type(class->text),
                                .count = (size_t)count->integer};
    return true;
}

/* Sorted, with those that are the same as their neighbour removed. */
static bool merge(struct pth_storages *s, struct err *e)
{
    size_t kept = 0;
    qsort(s->storage, s->n, sizeof *s->storage, compare);
    for (size_t i = 0; i < s->n; i++) {
        const struct pth_storage *now = &s->storage[i], *last = kept ? &s->storage[kept - 1] : NULL;
        if (!last || compare(last, now) != 0)
            s->storage[kept++] = *now;
        else if (strcmp(last->class_name, now->class_name) != 0 || last->count != now->count)
            return err_set(e, "storage %.*s has two types or sizes",
                           (int)(now->length < KEY_SHOWN ? now->length : KEY_SHOWN), now->key);
    }
    s->n = kept;
    return true;
}

bool pth_storages_collect(struct pth_storages *s, const struct pickle *p, struct err *e)
{
    s->storage = xcalloc(p->persistents, sizeof *s->storage);
    s->n = 0;
    for (size_t i = 0; i < p->persistents; i++)
        if (!read_id(&s->storage[s->n++], p->persistent[i]->items[0], e))
            return false;
    return merge(s, e);
}

void pth_storages_free(struct pth_storages *s)
{
    for (size_t i = 0; i < s->n; i++)
        zip_release(&s->storage[i].data);
    free(s->storage);
    *s = (struct pth_storages){0};
}

struct pth_storage *pth_storage_find(const struct pth_storages *s, const char *key, size_t length)
{
    struct pth_storage wanted = {.key = key, .length = length};
    return bsearch(&wanted, s->storage, s->n, sizeof wanted, compare);
}

bool pth_storage_load(struct pth_storages *s, struct pth_storage *storage, struct err *e)
{
    int shown = (int)(storage->length < KEY_SHOWN ? storage->length : KEY_SHOWN);
    size_t bytes;
    if (storage->type == DT_COUNT)
        return err_set(e, "storage class %s is not read", storage->class_name);
    if (storage->data.data)
        return true;
    char folder[1024];
    int length = snprintf(folder, sizeof folder, "%.*sdata/", (int)s->root_length, s->root);
    const struct zip_entry *entry =
        length < (int)sizeof folder ? zip_find(s->zip, folder, (size_t)length, storage->key, storage->length)
                                    : NULL;
    if (!entry)
        return err_set(e, "the archive has no storage %.*s", shown, storage->key);
    if (!mem_mul(storage->count, dtype_size(storage->type), &bytes) || bytes != entry->size)
        return err_set(e, "storage %.*s has %zu bytes, not %zu elements of %s", shown, storage->key,
                       entry->size, storage->count, storage->class_name);
    if (!zip_unpack(&storage->data, s->zip, entry, s->left, e))
        return false;
    s->left -= storage->data.owned ? bytes : 0;
    return true;
}
