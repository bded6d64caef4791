#include "base/mem.h"
#include "codec/pth_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NESTING_MAX = 16, NAME_MAX_BYTES = 1000 };

/* Names under which checkpoints keep the state dict, in order. */
static const char *const wrappers[] = {"state_dict", "model_state_dict", "model",   "model_state", "net",
                                       "network",    "module",           "weights", "params"};
/* What wrappers of modules put before every name: DataParallel, torch.compile. */
static const char *const wrapped[] = {"module.", "_orig_mod."};

static bool is_dict(const struct pickle_value *v)
{
    return v->kind == PICKLE_DICT || pickle_is_object(v, "collections.OrderedDict") ||
           pickle_is_object(v, "collections.defaultdict");
}

/* Python 2 wrote an OrderedDict as a call with a list of pairs; later ones set the items. */
static const struct pickle_value *pair_list(const struct pickle_value *dict)
{
    if (dict->kind != PICKLE_OBJECT || dict->args->n != 1 || dict->args->items[0]->kind != PICKLE_LIST)
        return NULL;
    return dict->args->items[0];
}

static size_t dict_count(const struct pickle_value *dict)
{
    const struct pickle_value *list = pair_list(dict);
    return dict->n / 2 + (list ? list->n : 0);
}

/* False for a pair that is none. */
static bool dict_at(const struct pickle_value *dict, size_t i, struct pickle_value **key,
                    struct pickle_value **value)
{
    const struct pickle_value *list = pair_list(dict), *from = dict;
    size_t at = 2 * i;
    if (list && i < list->n) {
        from = list->items[i];
        at = 0;
        if ((from->kind != PICKLE_LIST && from->kind != PICKLE_TUPLE) || from->n != 2)
            return false;
    } else if (list) {
        at -= 2 * list->n;
    }
    if (at + 1 >= from->n)
        return false;
    *key = from->items[at];
    *value = from->items[at + 1];
    return true;
}

/* The last value of a key, as Python would have it; NULL where absent. */
static struct pickle_value *dict_get(const struct pickle_value *dict, const char *name, size_t length)
{
    struct pickle_value *key, *value, *found = NULL;
    for (size_t i = 0; i < dict_count(dict); i++)
        if (dict_at(dict, i, &key, &value) && key->kind == PICKLE_STRING && key->length == length &&
            memcmp(key->text, name, length) == 0)
            found = value;
    return found;
}

/* Counted once, however many references there are: the tag is 1 more. */
static size_t count_tensors(struct pickle_value *dict)
{
    struct pickle_value *key, *value;
    if (dict->tag)
        return dict->tag - 1;
    for (size_t i = 0; i < dict_count(dict); i++)
        dict->tag += dict_at(dict, i, &key, &value) && key->kind == PICKLE_STRING && pth_is_tensor(value);
    return dict->tag++;
}

static const char *type_name(const struct pickle_value *v)
{
    return pth_is_tensor(v) ? "tensor" : is_dict(v) ? "dict" : pickle_type(v);
}

static char *key_text(const struct pickle_value *key)
{
    if (key->kind == PICKLE_STRING)
        return xprintf("%.*s", (int)(key->length < NAME_MAX_BYTES ? key->length : NAME_MAX_BYTES), key->text);
    if (key->kind == PICKLE_INT)
        return xprintf("%lld", (long long)key->integer);
    return xprintf("(%s)", pickle_type(key));
}

static void drop(struct pth *out, const char *where, const struct pickle_value *key,
                 const struct pickle_value *value)
{
    if (out->drops == PTH_DROPS_MAX) {
        out->unlisted++;
        return;
    }
    char *name = key_text(key);
    out->dropped = xgrow(out->dropped, out->drops, &out->drop_capacity, sizeof *out->dropped);
    out->dropped[out->drops++] = (struct pth_dropped){
        .name = xprintf("%s%s", where, name),
        .type = xstrdup(type_name(value)),
    };
    free(name);
}

/* --- where the state dict is -------------------------------------------------------------------------- */

/* The way down from the checkpoint's root. */
struct way {
    struct pickle_value *dict;
    char text[300]; /* "a/b/": before names */
};

/* Steps into a value, and drops what lies beside it. */
static void step_into(struct way *way, struct pth *out, struct pickle_value *into)
{
    struct pickle_value *key, *value, *name = NULL;
    for (size_t i = 0; i < dict_count(way->dict); i++) {
        if (!dict_at(way->dict, i, &key, &value))
            continue;
        if (value == into)
            name = key;
        else
            drop(out, way->text, key, value);
    }
    way->dict = into;
    if (name) { /* into is one of the values */
        char *text = key_text(name);
        size_t length = strlen(way->text);
        snprintf(way->text + length, sizeof way->text - length, "%s/", text);
        free(text);
    }
}

/* The keys of a dict, or of the dicts in it with so many tensors, for messages. */
static void list_keys(char *out, size_t size, struct pickle_value *dict, size_t least_tensors)
{
    struct pickle_value *key, *value;
    size_t length = 0;
    *out = 0;
    for (size_t i = 0; i < dict_count(dict) && length < size; i++) {
        if (!dict_at(dict, i, &key, &value) ||
            (least_tensors && (!is_dict(value) || count_tensors(value) < least_tensors)))
            continue;
        char *text = key_text(key);
        length += (size_t)snprintf(out + length, size - length, "%s%s", length ? ", " : "", text);
        free(text);
    }
}

/* --key: names joined by '/'. */
static bool follow_key(struct way *way, struct pth *out, const char *path, struct err *e)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        struct pickle_value *into = is_dict(way->dict) ? dict_get(way->dict, path, length) : NULL;
        if (!into) {
            char keys[200] = "";
            if (is_dict(way->dict))
                list_keys(keys, sizeof keys, way->dict, 0);
            return err_set(e, "no %.*s in the checkpoint; it has: %s", (int)length, path, keys);
        }
        step_into(way, out, into);
        path += length + (path[length] == '/');
    }
    return true;
}

static struct pickle_value *find_wrapper(const struct pickle_value *dict)
{
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        struct pickle_value *v = dict_get(dict, wrappers[i], strlen(wrappers[i]));
        if (v && is_dict(v) && dict_count(v))
            return v;
    }
    return NULL;
}

/* Dicts in `dict` with more tensors than itself: how many, and the last. */
static size_t find_richer(const struct pickle_value *dict, size_t tensors, struct pickle_value **found)
{
    struct pickle_value *key, *value;
    size_t richer = 0;
    for (size_t i = 0; i < dict_count(dict); i++)
        if (dict_at(dict, i, &key, &value) && is_dict(value) && value != *found &&
            count_tensors(value) > tensors) {
            richer++;
            *found = value;
        }
    return richer;
}

static bool search(struct way *way, struct pth *out, struct err *e)
{
    for (int depth = 0; depth < NESTING_MAX; depth++) {
        if (!is_dict(way->dict))
            return err_set(e, "the value at /%s is of type %s, not a state dict", way->text,
                           type_name(way->dict));
        struct pickle_value *into = find_wrapper(way->dict);
        size_t tensors = count_tensors(way->dict), richer = into ? 1 : find_richer(way->dict, tensors, &into);
        if (richer > 1) {
            char keys[200];
            list_keys(keys, sizeof keys, way->dict, tensors + 1);
            return err_set(e, "holds more than one state dict: %s; choose with --key", keys);
        }
        if (richer == 0)
            return tensors || err_set(e, "holds no state dict");
        step_into(way, out, into);
    }
    return err_set(e, "nests dicts deeper than %d", NESTING_MAX);
}

/* --- its tensors -------------------------------------------------------------------------------------- */

/* The prefix that all names share and nobody wants: 0 to strip nothing. */
static size_t shared_prefix(const struct pickle_value *dict, size_t start)
{
    for (size_t w = 0; w < sizeof wrapped / sizeof *wrapped; w++) {
        struct pickle_value *key, *value;
        size_t length = strlen(wrapped[w]);
        bool all = true;
        for (size_t i = 0; i < dict_count(dict); i++)
            if (dict_at(dict, i, &key, &value) && key->kind == PICKLE_STRING && pth_is_tensor(value))
                all &= key->length > start + length && memcmp(key->text + start, wrapped[w], length) == 0;
        if (all)
            return length;
    }
    return 0;
}

/* How many bytes of every name go. */
static size_t strip_length(const struct pickle_value *dict)
{
    size_t start = 0, more;
    while ((more = shared_prefix(dict, start)) > 0)
        start += more;
    return start;
}

static bool check_name(const struct pickle_value *key, struct err *e)
{
    if (key->length > NAME_MAX_BYTES)
        return err_set(e, "a tensor's name is longer than %d bytes", NAME_MAX_BYTES);
    for (size_t i = 0; i < key->length; i++)
        if ((unsigned char)key->text[i] < 0x20)
            return err_set(e, "tensor %.*s: the name has control characters", (int)key->length, key->text);
    return true;
}

static bool add_tensor(struct pth *out, const struct pickle_value *key, size_t strip,
                       const struct pickle_value *value, struct pth_storages *s, struct err *e)
{
    struct tensor t;
    struct err reason;
    if (!check_name(key, e))
        return false;
    if (!pth_tensor_build(&t, value, s, &reason))
        return err_set(e, "tensor %.*s: %s", (int)(key->length < 120 ? key->length : 120), key->text,
                       reason.text);
    out->tensor = xgrow(out->tensor, out->n, &out->capacity, sizeof *out->tensor);
    out->tensor[out->n++] = (struct pth_tensor){xstrndup(key->text + strip, key->length - strip), t};
    return true;
}

static bool add_all(struct pth *out, const struct way *way, struct pth_storages *s,
                    const struct pth_options *o, struct err *e)
{
    struct pickle_value *key, *value;
    size_t strip = o->prefix ? strlen(o->prefix) : strip_length(way->dict);
    for (size_t i = 0; i < dict_count(way->dict); i++) {
        if (!dict_at(way->dict, i, &key, &value))
            return err_set(e, "an item of the state dict is not a pair");
        bool keep = key->kind == PICKLE_STRING && pth_is_tensor(value);
        if (keep && o->prefix)
            keep = key->length > strip && memcmp(key->text, o->prefix, strip) == 0;
        if (!keep)
            drop(out, way->text, key, value);
        else if (!add_tensor(out, key, strip, value, s, e))
            return false;
    }
    return out->n || err_set(e, "no tensor's name begins with %s", o->prefix);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pth_tensor *)a)->name, ((const struct pth_tensor *)b)->name);
}

bool pth_state(struct pth *out, struct pickle_value *root, struct pth_storages *s,
               const struct pth_options *o, struct err *e)
{
    struct way way = {.dict = root};
    if ((o->key && !follow_key(&way, out, o->key, e)) || !search(&way, out, e) ||
        !add_all(out, &way, s, o, e))
        return false;
    qsort(out->tensor, out->n, sizeof *out->tensor, by_name);
    for (size_t i = 1; i < out->n; i++)
        if (strcmp(out->tensor[i - 1].name, out->tensor[i].name) == 0)
            return err_set(e, "tensor %s: the name occurs twice", out->tensor[i].name);
    return true;
}
