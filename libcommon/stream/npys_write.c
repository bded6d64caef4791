#include "base/file.h"
#include "base/mem.h"
#include "stream/npys.h"
#include "stream/npys_header.h"
#include <stdlib.h>
#include <string.h>

struct npys_writer {
    FILE *f;
    char *label;
    size_t count;
};

static void write_note(struct npys_writer *w, const struct note *note)
{
    char *text = note_format(note);
    struct npys_header h = {.note = true, .note_bytes = strlen(text)};
    if (h.note_bytes > NPYS_NOTE_MAX)
        die("%s: a note of %zu bytes is larger than %d", w->label, h.note_bytes, NPYS_NOTE_MAX);
    npys_header_write(w->f, w->label, &h);
    file_write(text, h.note_bytes, w->f, w->label);
    free(text);
}

static void flush(struct npys_writer *w)
{
    if (fflush(w->f))
        die("%s:", w->label);
}

struct npys_writer *npys_writer_new(FILE *f, const char *label, const struct note *opening, const char *by)
{
    struct npys_writer *w = xcalloc(1, sizeof *w);
    struct note note = {0};
    w->f = f;
    w->label = xstrdup(label);
    if (opening)
        note_copy(&note, opening);
    if (!note_get(&note, "stream"))
        note_add(&note, "stream", "tensors");
    if (!note_get(&note, "version"))
        note_add(&note, "version", "1");
    if (by)
        note_add(&note, "by", by);
    write_note(w, &note);
    flush(w);
    note_clear(&note);
    return w;
}

static size_t count_names(const char *arrays)
{
    size_t n = *arrays != 0;
    for (; *arrays; arrays++)
        n += *arrays == ',';
    return n;
}

void npys_write(struct npys_writer *w, const struct npys_record *rec, const char *arrays)
{
    struct note note = {0};
    note_copy(&note, &rec->note);
    note_remove(&note, "stream");
    note_remove(&note, "end");
    note_set(&note, "arrays", arrays);
    if (count_names(arrays) != rec->n)
        die("%s: %zu arrays under the names '%s'", w->label, rec->n, arrays);
    write_note(w, &note);
    for (size_t i = 0; i < rec->n; i++) {
        struct npys_header h = {.like = rec->array[i]};
        npys_header_write(w->f, w->label, &h);
        file_write(rec->array[i].data, tensor_bytes(&rec->array[i]), w->f, w->label);
    }
    flush(w);
    w->count++;
    note_clear(&note);
}

void npys_writer_end(struct npys_writer *w)
{
    struct note note = {0};
    note_setf(&note, "end", "%zu", w->count);
    write_note(w, &note);
    flush(w);
    note_clear(&note);
    free(w->label);
    free(w);
}
