#include "stream/image.h"
#include "base/file.h"
#include "base/mem.h"
#include "stream/netpbm.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct image_reader {
    FILE *f;
    char *label;
    size_t count;    /* images read */
    size_t expected; /* seq= of the next, where `open` */
    bool open;       /* inside a part that carries seq=: its end=N is still to come */
    bool begun;      /* the image at hand is number count + 1 */
    char name[200];  /* of the image at hand, or "" */
};

void image_free(struct image *im)
{
    raster_free(&im->raster);
    note_clear(&im->note);
}

const char *image_name(const struct image *im)
{
    const char *name = note_get(&im->note, "name");
    return name ? name : "";
}

struct image_reader *image_reader_new(FILE *f, const char *label)
{
    struct image_reader *r = xcalloc(1, sizeof *r);
    r->f = f;
    r->label = xstrdup(label);
    return r;
}

void image_reader_free(struct image_reader *r)
{
    if (r)
        free(r->label);
    free(r);
}

size_t image_reader_count(const struct image_reader *r)
{
    return r->count;
}

void image_reader_die(const struct image_reader *r, const char *fmt, ...)
{
    struct err e;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e.text, sizeof e.text, fmt, ap);
    va_end(ap);
    size_t number = r->count + r->begun;
    if (number == 0)
        die("%s: %s", r->label, e.text);
    if (r->name[0])
        die("%s: record %zu (%s): %s", r->label, number, r->name, e.text);
    die("%s: record %zu: %s", r->label, number, e.text);
}

static bool key_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '+';
}

/* Appends the continuation of a long value: "key+=rest". */
static void continue_value(struct note *note, const char *key, const char *rest)
{
    for (size_t i = note->n; i-- > 0;)
        if (strcmp(note->pair[i].key, key) == 0) {
            char *whole = xprintf("%s%s", note->pair[i].value, rest);
            free(note->pair[i].value);
            note->pair[i].value = whole;
            return;
        }
    note_add(note, key, rest);
}

/* The comment lines that are key=value; other comments are none of ours. */
static void parse_comments(struct note *note, const char *text)
{
    for (const char *line = text, *next; *line; line = next) {
        const char *end = strchrnul(line, '\n'), *p;
        next = *end ? end + 1 : end;
        line += strspn(line, " \t");
        for (p = line; key_char(*p);)
            p++;
        if (p == line || *p != '=')
            continue;
        bool continued = p[-1] == '+';
        char *key = xstrndup(line, (size_t)(p - line) - continued);
        char *value = xstrndup(p + 1, (size_t)(end - p - 1));
        if (continued)
            continue_value(note, key, value);
        else
            note_add(note, key, value);
        free(key);
        free(value);
    }
    for (size_t i = 0; i < note->n; i++) {
        char *raw = note->pair[i].value;
        note->pair[i].value = note_unescape(raw, strlen(raw));
        free(raw);
    }
}

/* Follows seq= and end=, and takes them out of the note. */
static bool check_order(struct image_reader *r, struct note *note, struct err *e)
{
    size_t seq, end;
    if (!note_get(note, "seq")) {
        if (r->open)
            return err_set(e, "seq=%zu is missing: the stream was cut or images were lost", r->expected);
    } else if (!note_count(note, "seq", &seq) || seq != r->expected) {
        return err_set(e, "seq=%s where %zu was expected: images were lost or the stream was cut",
                       note_get(note, "seq"), r->expected);
    } else {
        r->open = true;
        r->expected++;
    }
    if (r->open && note_get(note, "end")) {
        if (!note_count(note, "end", &end) || end != r->expected)
            return err_set(e, "end=%s after %zu images", note_get(note, "end"), r->expected);
        r->open = false;
        r->expected = 0;
    }
    note_remove(note, "seq");
    note_remove(note, "end");
    return true;
}

/* The file ends where an image might begin: 0 when that is right, else -1. */
static int at_end(struct image_reader *r, struct err *e)
{
    if (r->open) {
        err_set(e, "the stream is cut here (no end= seen)");
        return -1;
    }
    if (r->count == 0) {
        r->begun = false; /* the message is about the stream, not about an image */
        err_set(e, "no images: did the program upstream die?");
        return -1;
    }
    return 0;
}

int image_try_read(struct image_reader *r, struct image *im, struct err *e)
{
    char *comments;
    r->begun = true;
    r->name[0] = 0;
    int got = netpbm_read(r->f, &im->raster, &comments, e);
    note_clear(&im->note);
    if (comments)
        parse_comments(&im->note, comments);
    free(comments);
    snprintf(r->name, sizeof r->name, "%s", image_name(im));
    if (got == 0)
        return at_end(r, e);
    if (got < 0 || !check_order(r, &im->note, e))
        return -1;
    r->count++;
    r->begun = false;
    return 1;
}

bool image_read(struct image_reader *r, struct image *im)
{
    struct err e;
    int got = image_try_read(r, im, &e);
    if (got < 0)
        image_reader_die(r, "%s", e.text);
    return got > 0;
}

void image_write_plain(FILE *f, const char *label, const struct raster *r)
{
    netpbm_write_plain(f, label, r);
}

bool image_decode_netpbm(struct raster *out, const unsigned char *data, size_t n, struct err *e)
{
    char *comments;
    if (n == 0)
        return err_set(e, "an empty file");
    FILE *f = fmemopen((void *)(uintptr_t)data, n, "rb");
    if (!f)
        return err_set(e, "cannot read from memory:");
    struct raster r = {0};
    int got = netpbm_read(f, &r, &comments, e);
    free(comments);
    fclose(f);
    if (got <= 0) {
        raster_free(&r);
        return got ? false : err_set(e, "no image");
    }
    *out = r;
    return true;
}
