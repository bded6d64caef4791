#include "base/mem.h"
#include "codec/pth_parts.h"
#include <string.h>

/* torch.serialization's MAGIC_NUMBER 0x1950a86a20f9469cfc6c, as pickles hold it, and PROTOCOL_VERSION. */
static const unsigned char magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
enum { LEGACY_PROTOCOL = 1001 };

static bool allow_nothing(const char *class_name, void *arg)
{
    (void)class_name;
    (void)arg;
    return false;
}

bool pth_is_legacy(const unsigned char *data, size_t n)
{
    struct pickle p;
    struct err e;
    size_t head = n < 64 ? n : 64; /* it takes 15 bytes, or 26 in a frame */
    if (!pickle_load(&p, data, head, allow_nothing, NULL, &e))
        return false;
    bool found = p.root->kind == PICKLE_LONG && p.root->length == sizeof magic &&
                 memcmp(p.root->text, magic, sizeof magic) == 0;
    pickle_free(&p);
    return found;
}

/* The next pickle of the file; *at moves behind it. */
static bool next(struct pickle *p, const unsigned char *data, size_t n, size_t *at,
                 const struct pth_options *o, const char *what, struct err *e)
{
    struct err reason;
    if (!pickle_load(p, data + *at, n - *at, o ? pth_allow : allow_nothing, (void *)o, &reason))
        return err_set(e, "%s: %s", what, reason.text);
    *at += p->used;
    return true;
}

/* The four pickles before the storages, but for the object: magic number, protocol and system first. */
static bool read_head(const unsigned char *data, size_t n, size_t *at, struct err *e)
{
    struct pickle p;
    if (!next(&p, data, n, at, NULL, "magic number", e))
        return false;
    pickle_free(&p);
    if (!next(&p, data, n, at, NULL, "protocol", e))
        return false;
    int64_t protocol = p.root->kind == PICKLE_INT ? p.root->integer : -1;
    pickle_free(&p);
    if (protocol != LEGACY_PROTOCOL)
        return err_set(e, "legacy protocol %lld is not read, only %d", (long long)protocol, LEGACY_PROTOCOL);
    if (!next(&p, data, n, at, NULL, "system", e))
        return false;
    bool big = false;
    for (size_t i = 0; p.root->kind == PICKLE_DICT && i + 1 < p.root->n; i += 2)
        big |= pickle_is_string(p.root->items[i], "little_endian") && !p.root->items[i + 1]->integer;
    pickle_free(&p);
    return !big || err_set(e, "was written on a big-endian machine: not read");
}

/* A storage at `at`: the number of its elements in 8 bytes, and the elements. */
static bool read_storage(struct pth_storage *storage, const unsigned char *data, size_t n, size_t *at,
                         struct err *e)
{
    int shown = (int)(storage->length < 60 ? storage->length : 60);
    size_t bytes;
    uint64_t count = 0;
    if (storage->type == DT_COUNT)
        return err_set(e, "storage class %s is not read", storage->class_name);
    if (n - *at < 8)
        return err_set(e, "the file ends before storage %.*s", shown, storage->key);
    for (size_t i = 0; i < 8; i++)
        count |= (uint64_t)data[*at + i] << 8 * i;
    *at += 8;
    if (count != storage->count)
        return err_set(e, "storage %.*s has %llu elements, not %zu", shown, storage->key,
                       (unsigned long long)count, storage->count);
    if (!mem_mul(storage->count, dtype_size(storage->type), &bytes) || bytes > n - *at)
        return err_set(e, "the file ends in storage %.*s", shown, storage->key);
    storage->data = (struct zip_bytes){.data = data + *at, .n = bytes};
    *at += bytes;
    return true;
}

/* In the order of the list of keys, the file's last pickle. */
static bool read_storages(struct pth_storages *s, const struct pickle_value *keys, const unsigned char *data,
                          size_t n, size_t at, struct err *e)
{
    if (keys->kind != PICKLE_LIST)
        return err_set(e, "the keys of the storages are %s, not a list", pickle_type(keys));
    for (size_t i = 0; i < keys->n; i++) {
        const struct pickle_value *key = keys->items[i];
        struct pth_storage *storage =
            key->kind == PICKLE_STRING ? pth_storage_find(s, key->text, key->length) : NULL;
        if (!storage || storage->data.data)
            return err_set(e, "storage key %zu is unknown or occurs twice", i);
        if (!read_storage(storage, data, n, &at, e))
            return false;
    }
    for (size_t i = 0; i < s->n; i++)
        if (!s->storage[i].data.data)
            return err_set(e, "storage %.*s is not in the file",
                           (int)(s->storage[i].length < 60 ? s->storage[i].length : 60), s->storage[i].key);
    return at == n || err_set(e, "%zu bytes follow the last storage", n - at);
}

static bool read_object(struct pth *out, const struct pickle *object, const unsigned char *data, size_t n,
                        size_t at, const struct pth_options *o, struct err *e)
{
    struct pth_storages s = {.left = o->cap};
    struct pickle keys = {0};
    bool ok = pth_storages_collect(&s, object, e) &&
              next(&keys, data, n, &at, NULL, "keys of the storages", e) &&
              read_storages(&s, keys.root, data, n, at, e) && pth_state(out, object->root, &s, o, e);
    pickle_free(&keys);
    pth_storages_free(&s);
    return ok;
}

bool pth_parse_legacy(struct pth *out, const unsigned char *data, size_t n, const struct pth_options *o,
                      struct err *e)
{
    struct pickle object;
    size_t at = 0;
    if (!read_head(data, n, &at, e) || !next(&object, data, n, &at, o, "object", e))
        return false;
    bool ok = read_object(out, &object, data, n, at, o, e);
    pickle_free(&object);
    return ok;
}
