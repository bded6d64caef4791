#include "stream/records.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "stream/safetensors.h"
#include <stdlib.h>
#include <string.h>

struct records {
    FILE *f; /* NULL: `file` is meant */
    struct npys_reader *reader;
    struct safetensors file;
    size_t next; /* tensor of `file` */
};

struct records *records_open(const char *name)
{
    static const char suffix[] = ".safetensors";
    struct records *r = xcalloc(1, sizeof *r);
    size_t len = name ? strlen(name) : 0, end = sizeof suffix - 1;
    if (len > end && strcmp(name + len - end, suffix) == 0) {
        char hash[17];
        safetensors_open(&r->file, name);
        hash_text(hash, safetensors_hash(&r->file));
        note_add(&r->file.meta, "hash", hash);
    } else {
        r->f = file_open(name);
        r->reader = npys_reader_new(r->f, file_label(name));
    }
    return r;
}

const struct note *records_opening(struct records *r)
{
    return r->f ? npys_opening(r->reader) : &r->file.meta;
}

bool records_next(struct records *r, struct npys_record *rec)
{
    if (r->f)
        return npys_read(r->reader, rec);
    if (r->next == r->file.n)
        return false;
    const struct named_tensor *from = &r->file.entry[r->next++];
    size_t bytes = tensor_bytes(&from->tensor);
    void *data = rec->array[0].data;
    if (!data || bytes > rec->capacity[0]) {
        free(data);
        data = xaligned(bytes, 1);
        rec->capacity[0] = bytes;
    }
    rec->array[0] = from->tensor;
    rec->array[0].data = memcpy(data, from->tensor.data, bytes);
    rec->n = 1;
    note_clear(&rec->note);
    note_add(&rec->note, "name", from->name);
    return true;
}

size_t records_count(const struct records *r)
{
    return r->f ? npys_reader_count(r->reader) : r->next;
}

void records_close(struct records *r)
{
    npys_reader_free(r->reader);
    file_close(r->f);
    safetensors_free(&r->file);
    free(r);
}
