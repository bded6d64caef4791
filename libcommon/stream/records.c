#include "stream/records.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "stream/safetensors.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct records {
    FILE *f; /* NULL: `file` is meant */
    struct npys_reader *reader;
    struct safetensors file;
    size_t next; /* tensor of `file` */
};

/* A safetensors file has '{' behind the length of its header; a record of NumPy's begins with its magic. Of a
 * pipe, which is read once, nothing is known: a tensor stream is expected. */
static bool is_safetensors(FILE *f)
{
    char start[9];
    const off_t at = lseek(fileno(f), 0, SEEK_CUR);
    return at >= 0 && pread(fileno(f), start, sizeof start, at) == (ssize_t)sizeof start && start[8] == '{' &&
           memcmp(start, "\x93NUMPY", 6) != 0;
}

static void open_file(struct records *r, FILE *f, const char *name)
{
    char hash[17];
    file_close(f);
    safetensors_open(&r->file, f == stdin ? "/dev/stdin" : name);
    for (size_t i = 0; i < r->file.unread.n; i++)
        warning("%s: left out: %s, whose type %s is not supported", file_label(name),
                r->file.unread.pair[i].key, r->file.unread.pair[i].value);
    hash_text(hash, safetensors_hash(&r->file));
    note_add(&r->file.meta, "hash", hash);
}

struct records *records_open(const char *name)
{
    struct records *r = xcalloc(1, sizeof *r);
    FILE *f = file_open(name);
    if (is_safetensors(f)) {
        open_file(r, f, name);
    } else {
        r->f = f;
        r->reader = npys_reader_new(f, file_label(name));
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
