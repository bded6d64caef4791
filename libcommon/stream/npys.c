/* A walk: a record comes in here.
 *
 *   npys_opening            the opening note, before any record; what is not one waits as `pending`
 *   npys_read               one record, or the end, or death with a reason
 *     next_record           items until a record begins; the notes between records are dealt with:
 *       next_item           one header (npys_header.h) and, of a note, its pairs
 *       begin_part          an opening note: may this part follow the one before? (identity.h)
 *       end_part            a closing note: does end= count?
 *       at_end              the file is over: was that the end of a part, a cut, or nothing at all?
 *     read_noted            a note, and as many arrays as its arrays= names
 *     read_array            samples into the record's memory, which is reused
 *
 * A stream is one part or, by cat, several. The reader is `open` between an opening and a closing note; a
 * foreign stream has neither, and may end after any array. */
#include "stream/npys.h"
#include "base/mem.h"
#include "stream/complain.h"
#include "stream/identity.h"
#include "stream/npys_header.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct npys_reader {
    FILE *f;
    char *label;
    struct note opening;  /* of the first part */
    struct note identity; /* what all parts so far have said of themselves */
    struct note note;     /* read last */
    struct npys_header header;
    bool begun;     /* the first item has been looked at ... */
    bool pending;   /* ... and is still to be handed out */
    bool noted;     /* an opening note has been seen */
    bool open;      /* inside a part that has one: its end=N is still to come */
    size_t items;   /* headers read */
    size_t count;   /* records read */
    size_t part;    /* of them, in this part */
    size_t inside;  /* 1 while a record is being read */
    char name[200]; /* of the record at hand, or "" */
};

void npys_record_free(struct npys_record *rec)
{
    for (size_t i = 0; i < NPYS_ARRAYS_MAX; i++)
        free(rec->array[i].data);
    note_clear(&rec->note);
    *rec = (struct npys_record){0};
}

struct npys_reader *npys_reader_new(FILE *f, const char *label)
{
    struct npys_reader *r = xcalloc(1, sizeof *r);
    r->f = f;
    r->label = xstrdup(label);
    return r;
}

void npys_reader_free(struct npys_reader *r)
{
    if (!r)
        return;
    note_clear(&r->opening);
    note_clear(&r->identity);
    note_clear(&r->note);
    free(r->label);
    free(r);
}

size_t npys_reader_count(const struct npys_reader *r)
{
    return r->count;
}

void npys_reader_die(const struct npys_reader *r, const char *fmt, ...)
{
    struct err e;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e.text, sizeof e.text, fmt, ap);
    va_end(ap);
    complain(r->label, r->count + r->inside, r->name, e.text);
}

static bool cut(const struct npys_reader *r, const char *where, struct err *e)
{
    return ferror(r->f) ? err_set(e, "cannot read:") : err_set(e, "the stream is cut %s", where);
}

/* The next item's header and, of a note, its pairs. 1, 0 at the end of the file, -1. */
static int next_item(struct npys_reader *r, struct err *e)
{
    int got = npys_header_read(r->f, &r->header, e);
    if (got <= 0)
        return got;
    r->items++;
    if (!r->header.note)
        return 1;
    size_t n = r->header.note_bytes;
    char *text = xmalloc(n, 1);
    bool fine = fread(text, 1, n, r->f) == n ? note_parse(&r->note, text, n, e) : cut(r, "in a note", e);
    free(text);
    return fine ? 1 : -1;
}

/* Whether the part that begins may follow what came before. */
static bool agrees(struct npys_reader *r, struct err *e)
{
    const char *kind = note_get(&r->opening, "stream"), *here = note_get(&r->note, "stream");
    struct identity_difference d;
    if (strcmp(kind ? kind : "", here) != 0)
        return err_set(e, "streams that differ are joined: stream=%s, then stream=%s", kind ? kind : "",
                       here);
    if (identity_differs(&d, &r->identity, &r->note, NULL))
        return err_set(e, "streams that differ are joined: %s=%s, then %s=%s", d.key, d.known, d.key, d.here);
    return true;
}

static bool begin_part(struct npys_reader *r, struct err *e)
{
    if (r->open)
        return err_set(e, "another stream begins here: the one before was cut (no end= seen)");
    if ((r->noted || r->items > 1) && !agrees(r, e))
        return false;
    if (!r->noted)
        note_copy(&r->opening, &r->note);
    identity_copy(&r->identity, &r->note, NULL);
    r->noted = r->open = true;
    r->part = 0;
    return true;
}

static bool end_part(struct npys_reader *r, struct err *e)
{
    size_t n;
    if (r->noted && !r->open)
        return err_set(e, "end= twice");
    if (!note_count(&r->note, "end", &n) || n != r->part)
        return err_set(e, "end=%s after %zu records", note_get(&r->note, "end"), r->part);
    r->open = false;
    r->part = 0;
    return true;
}

/* The file ends where an item might begin: 0 when that is right, else -1. */
static int at_end(struct npys_reader *r, struct err *e)
{
    if (r->open) {
        cut(r, "here (no end= seen)", e);
        return -1;
    }
    if (r->items == 0) {
        r->inside = 0; /* the message is about the stream, not about a record */
        err_set(e, "no data: did the program upstream die?");
        return -1;
    }
    return 0;
}

/* Opening and closing notes are dealt with here: 1 when a record begins, 0 at the end, -1. */
static int next_record(struct npys_reader *r, struct err *e)
{
    for (;;) {
        int got = r->pending ? 1 : next_item(r, e);
        r->pending = false;
        if (got <= 0)
            return got < 0 ? -1 : at_end(r, e);
        bool note = r->header.note, fine;
        if (note && note_get(&r->note, "stream"))
            fine = begin_part(r, e);
        else if (note && note_get(&r->note, "end"))
            fine = end_part(r, e);
        else if (!r->noted || (note && r->open))
            return 1;
        else
            fine = r->open ? err_set(e, "an array without a note")
                           : err_set(e, "data after end= without an opening note");
        if (!fine)
            return -1;
    }
}

/* Makes room for data shaped as the header says, and reads it. */
static bool read_array(struct npys_reader *r, struct npys_record *rec, struct err *e)
{
    size_t i = rec->n, bytes = tensor_bytes(&r->header.like);
    void *data = rec->array[i].data;
    if (!data || bytes > rec->capacity[i]) {
        free(data);
        rec->array[i].data = NULL;
        rec->capacity[i] = 0;
        if (bytes > (1 << 20) && bytes > mem_available())
            return err_set(e, "an array of %zu bytes does not fit into memory", bytes);
        data = xaligned(bytes, 1);
        rec->capacity[i] = bytes;
    }
    rec->array[i] = r->header.like;
    rec->array[i].data = data;
    rec->n++;
    return fread(data, 1, bytes, r->f) == bytes || cut(r, "in an array", e);
}

/* How many arrays belong to a note: as many as arrays= names, else one. */
static size_t arrays_named(const struct note *note)
{
    const char *names = note_get(note, "arrays");
    size_t n = 1;
    if (!names || !*names)
        return names ? 0 : 1;
    for (; *names; names++)
        n += *names == ',';
    return n;
}

static bool read_noted(struct npys_reader *r, struct npys_record *rec, struct err *e)
{
    note_copy(&rec->note, &r->note);
    const char *name = note_get(&rec->note, "name");
    snprintf(r->name, sizeof r->name, "%s", name ? name : "");
    size_t n = arrays_named(&rec->note);
    if (n > NPYS_ARRAYS_MAX)
        return err_set(e, "%zu arrays in one record; %d is the most", n, NPYS_ARRAYS_MAX);
    while (rec->n < n) {
        int got = next_item(r, e);
        if (got <= 0)
            return got < 0 ? false : cut(r, "before an array", e);
        if (r->header.note)
            return err_set(e, "a note where array %zu of %zu was expected", rec->n + 1, n);
        if (!read_array(r, rec, e))
            return false;
    }
    return true;
}

int npys_try_read(struct npys_reader *r, struct npys_record *rec, struct err *e)
{
    r->begun = true;
    r->inside = 1;
    r->name[0] = 0;
    note_clear(&rec->note);
    rec->n = 0;
    int got = next_record(r, e);
    if (got <= 0)
        return got;
    if (!(r->header.note ? read_noted(r, rec, e) : read_array(r, rec, e)))
        return -1;
    r->count++;
    r->part++;
    r->inside = 0;
    return 1;
}

bool npys_read(struct npys_reader *r, struct npys_record *rec)
{
    struct err e;
    int got = npys_try_read(r, rec, &e);
    if (got < 0)
        npys_reader_die(r, "%s", e.text);
    return got > 0;
}

const struct note *npys_opening(struct npys_reader *r)
{
    struct err e;
    if (r->begun)
        return &r->opening;
    r->begun = true;
    int got = next_item(r, &e);
    if (got < 0) {
        r->inside = 1;
        npys_reader_die(r, "%s", e.text);
    }
    if (got == 0)
        die("%s: no data: did the program upstream die?", r->label);
    if (r->header.note && note_get(&r->note, "stream")) {
        if (!begin_part(r, &e))
            npys_reader_die(r, "%s", e.text);
    } else {
        r->pending = true;
    }
    return &r->opening;
}
