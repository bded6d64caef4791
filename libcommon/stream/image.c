/* A walk: an image comes in here.
 *
 *   image_read                one image, or the end, or death with a reason
 *     image_try_read          the same with the reason in hand
 *       find_image            over the white space before it; in it may stand the end of the part (end.h)
 *       netpbm_read           header, comments and samples, by libnetpbm where that is needed (netpbm.h)
 *       parse_comments        "# key=value" lines to a note
 *       check_order           seq= must count; in streams of before the end record, end= stands on the last image
 *     at_end                  the file is over: was that the end of a part, a cut, or nothing at all?
 *
 * A stream is one part or, by cat, several. A part whose images carry seq= must be ended; the reader is `open`
 * between its first image and its end. Images without seq= are of a foreign program and may end anywhere. */
#include "stream/image.h"
#include "base/file.h"
#include "base/mem.h"
#include "stream/complain.h"
#include "stream/end.h"
#include "stream/netpbm.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct image_reader {
    FILE *f;
    char *label;
    size_t count;          /* images read */
    size_t expected;       /* seq= of the next, where `open` */
    bool open;             /* inside a part that carries seq=: its end is still to come */
    bool ended;            /* an end has been seen */
    bool foreign;          /* the image read last carried no seq= */
    bool begun;            /* the image at hand is number count + 1 */
    char name[200];        /* of the image at hand, or "" */
    struct end_reader end; /* of the white space since the last image */
    bool failed;           /* it held what `why` tells */
    struct err why;
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

bool image_reader_uncounted(const struct image_reader *r)
{
    return !r->open && !r->failed;
}

void image_reader_die(const struct image_reader *r, const char *fmt, ...)
{
    struct err e;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e.text, sizeof e.text, fmt, ap);
    va_end(ap);
    complain(r->label, r->count + r->begun, r->name, e.text);
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

/* The part is over; n images are said to be in it. */
static bool end_part(struct image_reader *r, const char *n, bool counts, struct err *e)
{
    if (!counts)
        return err_set(e, "end=%s after %zu images: images were lost", n, r->expected);
    r->open = false;
    r->ended = true;
    r->expected = 0;
    return true;
}

/* Follows seq= and the old end=, and takes them out of the note. */
static bool check_order(struct image_reader *r, struct note *note, struct err *e)
{
    const char *sequence = note_get(note, "seq"), *last = note_get(note, "end");
    size_t seq, end;
    r->foreign = !sequence;
    if (!sequence && r->open)
        return err_set(e, "seq=%zu is missing: the stream was cut or images were lost", r->expected);
    if (sequence && (!note_count(note, "seq", &seq) || seq != r->expected))
        return err_set(e, "seq=%s where %zu was expected: images were lost or the stream was cut", sequence,
                       r->expected);
    r->open |= !r->foreign;
    r->expected += r->open;
    if (r->open && last && !end_part(r, last, note_count(note, "end", &end) && end == r->expected, e))
        return false;
    note_remove(note, "seq");
    note_remove(note, "end");
    return true;
}

/* One byte of the white space between images. White space that is no end record, or follows the images of a
 * foreign program, says nothing. */
static void take_space(struct image_reader *r, int c)
{
    char n[24];
    if (!end_take(&r->end, c) || r->foreign || r->failed)
        return;
    snprintf(n, sizeof n, "%zu", r->end.n);
    r->failed = !end_part(r, n, r->end.n == r->expected, &r->why);
}

bool image_ready(struct image_reader *r)
{
    while (file_ready(r->f) && !r->failed) {
        int c = getc(r->f);
        if (!isspace(c)) {
            ungetc(c, r->f);
            return true;
        }
        take_space(r, c);
    }
    return r->failed;
}

/* Over white space: true where something else begins. */
static bool find_image(struct image_reader *r)
{
    int c;
    while (isspace(c = getc(r->f)) && !r->failed)
        take_space(r, c);
    ungetc(c, r->f);
    return c != EOF;
}

/* The file ends where an image might begin: 0 when that is right, else -1. */
static int at_end(struct image_reader *r, struct err *e)
{
    if (ferror(r->f)) {
        err_set(e, "cannot read:");
        return -1;
    }
    if (r->open) {
        err_set(e, "the stream is cut here (no end seen)");
        return -1;
    }
    if (r->count == 0 && !r->ended) {
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
    note_clear(&im->note);
    bool found = find_image(r);
    if (r->failed) {
        *e = r->why;
        return -1;
    }
    if (!found)
        return at_end(r, e);
    int got = netpbm_read(r->f, &im->raster, &comments, e);
    if (comments)
        parse_comments(&im->note, comments);
    free(comments);
    snprintf(r->name, sizeof r->name, "%s", image_name(im));
    if (got <= 0 || !check_order(r, &im->note, e))
        return -1;
    r->end = (struct end_reader){0};
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
