#include "base/file.h"
#include "base/product.h"
#include "base/mem.h"
#include "base/scratch.h"
#include "base/size.h"
#include "stream/json.h"
#include "stream/safetensors.h"
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, STEP = 8 << 20 };

/* Wide elements first, so that every tensor is aligned for its type; then by name. */
static int by_width(const void *a, const void *b)
{
    const struct named_tensor *x = *(const struct named_tensor *const *)a;
    const struct named_tensor *y = *(const struct named_tensor *const *)b;
    size_t wx = dtype_size(x->tensor.type), wy = dtype_size(y->tensor.type);
    if (wx != wy)
        return wx > wy ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* All values of the pair's key as lines of one string; free() it. */
static char *join_values(const struct note *meta, const char *key)
{
    char *all = NULL;
    for (size_t i = 0; i < meta->n; i++)
        if (strcmp(meta->pair[i].key, key) == 0) {
            char *longer = all ? xprintf("%s\n%s", all, meta->pair[i].value) : xstrdup(meta->pair[i].value);
            free(all);
            all = longer;
        }
    return all;
}

static bool first_of_key(const struct note *meta, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(meta->pair[k].key, meta->pair[i].key) == 0)
            return false;
    return true;
}

static void put_meta(FILE *f, const struct note *meta)
{
    fputs("\"__metadata__\":{", f);
    for (size_t i = 0; i < meta->n; i++) {
        if (!first_of_key(meta, i))
            continue;
        char *value = join_values(meta, meta->pair[i].key);
        if (i)
            putc(',', f);
        json_put_string(f, meta->pair[i].key);
        putc(':', f);
        json_put_string(f, value);
        free(value);
    }
    putc('}', f);
}

static void put_entry(FILE *f, const struct named_tensor *entry, size_t begin)
{
    const struct tensor *t = &entry->tensor;
    json_put_string(f, entry->name);
    fprintf(f, ":{\"dtype\":\"%s\",\"shape\":[", safetensors_dtype[t->type]);
    for (size_t i = 0; i < t->rank; i++)
        fprintf(f, "%s%zu", i ? "," : "", t->dim[i]);
    fprintf(f, "],\"data_offsets\":[%zu,%zu]}", begin, begin + tensor_bytes(t));
}

static FILE *text_file(char **text, size_t *n)
{
    FILE *f = open_memstream(text, n);
    if (!f)
        die("out of memory in a header");
    return f;
}

/* The header's JSON, padded by spaces so that the data are aligned; *n bytes. */
static char *make_header(const struct safetensors *st, const struct named_tensor *const *order, size_t *n)
{
    char *text = NULL;
    size_t begin = 0;
    FILE *f = text_file(&text, n);
    putc('{', f);
    if (st->meta.n)
        put_meta(f, &st->meta);
    for (size_t i = 0; i < st->n; i++) {
        if (i || st->meta.n)
            putc(',', f);
        put_entry(f, order[i], begin);
        begin += tensor_bytes(&order[i]->tensor);
    }
    putc('}', f);
    fflush(f);
    for (size_t length = *n; (8 + length) % ALIGN; length++)
        putc(' ', f);
    if (fclose(f))
        die("out of memory in a header");
    return text;
}

/* In steps after which pages can be given back, where it lies on a disk. */
static void put_data(FILE *f, const struct tensor *t, const char *path)
{
    const size_t bytes = tensor_bytes(t);
    for (size_t from = 0; from < bytes; from += STEP) {
        file_write((const char *)t->data + from, size_least(STEP, bytes - from), f, path);
        scratch_relax();
    }
}

void safetensors_write(const struct safetensors *st, const char *path)
{
    safetensors_write_product(st, product_open(path));
}

void safetensors_write_product(const struct safetensors *st, struct product *out)
{
    const char *path = product_name(out);
    const struct named_tensor **order = xmalloc(st->n, sizeof *order);
    for (size_t i = 0; i < st->n; i++)
        order[i] = &st->entry[i];
    qsort(order, st->n, sizeof *order, by_width);

    size_t n;
    char *header = make_header(st, order, &n);
    unsigned char size[8];
    for (size_t i = 0; i < 8; i++)
        size[i] = (unsigned char)(n >> 8 * i & 255);

    FILE *f = product_file(out);
    file_write(size, sizeof size, f, path);
    file_write(header, n, f, path);
    for (size_t i = 0; i < st->n; i++)
        put_data(f, &order[i]->tensor, path);
    product_commit(out);
    free(header);
    free(order);
}
