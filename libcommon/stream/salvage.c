#include "stream/salvage.h"
#include "base/err.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdint.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 1 << 16 };

struct salvage {
    struct feed *feed;
    FILE *file;
    struct image_reader *reader;
    bool mend;
    size_t number;
    bool over;  /* behind the last broken image there is none */
    bool fresh; /* what is handed on next begins an image */
    bool begun; /* a byte of this image has been handed on, which is not the white space before it */
    bool ended; /* the next header stands where the feed is */
};

enum found { FOUND_NOT, FOUND_PART, FOUND }; /* PART: more bytes would tell */

/* A number of one to seven digits and the white space behind it, from *p on. */
static enum found number(const unsigned char **p, const unsigned char *end)
{
    size_t digits = 0;
    for (; *p < end && isdigit(**p) && digits < 7; ++*p)
        digits++;
    if (*p == end)
        return FOUND_PART;
    return digits && isspace(*(*p)++) ? FOUND : FOUND_NOT;
}

/* Whether an image begins at p. */
static enum found header(const unsigned char *p, const unsigned char *end)
{
    static const char pam[] = "P7\nWIDTH ";
    const size_t n = (size_t)(end - p), m = sizeof pam - 1;
    if (memcmp(p, pam, n < m ? n : m) == 0)
        return n < m ? FOUND_PART : FOUND;
    if (*p != 'P' || (n > 1 && !strchr("2356", p[1])) || (n > 2 && !isspace(p[2])))
        return FOUND_NOT;
    enum found so = n > 3 ? FOUND : FOUND_PART;
    p += 3;
    for (int i = 0; i < 3 && so == FOUND; i++) /* width, height, maxval */
        so = number(&p, end);
    return so;
}

/* The first place of n bytes, from `from` on, where an image begins or may begin; n where none does. */
static size_t find(const unsigned char *data, size_t from, size_t n, enum found *what)
{
    *what = FOUND_NOT;
    for (const unsigned char *p = data + from; p < data + n; p++) {
        p = memchr(p, 'P', (size_t)(data + n - p));
        if (!p)
            break;
        *what = header(p, data + n);
        if (*what != FOUND_NOT)
            return (size_t)(p - data);
    }
    return n;
}

/* How many of the bytes that are there belong to the image. A beginning of a header that has not come whole waits for its rest
 * while there is anything before it. */
static size_t belonging(struct salvage *s, const unsigned char *data, size_t n)
{
    enum found what;
    const size_t at = find(data, s->begun ? 0 : 1, n, &what);
    s->ended = at == 0 && what == FOUND;
    return at == 0 && what == FOUND_PART ? n : at;
}

static ssize_t hand_on(void *cookie, char *buffer, size_t want)
{
    struct salvage *s = cookie;
    const unsigned char *data;
    if (s->fresh)
        s->fresh = s->begun = s->ended = false;
    if (s->ended)
        return 0;
    size_t n = feed_wait(s->feed, 1, &data);
    if (s->mend && n)
        n = belonging(s, data, n);
    if (n > want)
        n = want;
    if (n)
        memcpy(buffer, data, n);
    feed_take(s->feed, n);
    for (size_t i = 0; i < n && !s->begun; i++)
        s->begun = !isspace(data[i]);
    return (ssize_t)n;
}

struct salvage *salvage_open(struct feed *feed, const char *label, bool mend)
{
    struct salvage *s = xcalloc(1, sizeof *s);
    *s = (struct salvage){.feed = feed, .mend = mend};
    s->file = fopencookie(s, "rb", (cookie_io_functions_t){.read = hand_on});
    if (!s->file)
        die("out of memory for a stream");
    /* It never holds anything of the next image, as that is handed on in a call of its own. */
    setvbuf(s->file, NULL, _IOFBF, BUFFER);
    s->reader = image_reader_new(s->file, label);
    return s;
}

/* An image may begin: what is handed on next is no other's beginning; but where the file still holds something, that comes
 * first. */
static void begin_image(struct salvage *s)
{
    if (!s->mend)
        return;
    clearerr(s->file);
    s->fresh = true;
    ungetc(getc(s->file), s->file);
    s->fresh = false;
}

/* Over all up to the next header, for which it waits; false where none comes any more. */
static bool skip(struct salvage *s)
{
    const unsigned char *data;
    enum found what;
    __fpurge(s->file);
    for (size_t n = feed_wait(s->feed, 1, &data), rest; n > 0;) {
        const size_t at = find(data, 0, n, &what);
        feed_take(s->feed, at);
        if (what == FOUND)
            return true;
        rest = n - at;
        n = feed_wait(s->feed, rest + 1, &data);
        if (n == rest)
            return false;
    }
    return false;
}

int salvage_read(struct salvage *s, struct image *im, struct err *e)
{
    int got = 0;
    do {
        if (s->over)
            return 0;
        begin_image(s);
        got = image_try_read(s->reader, im, e);
    } while (got == 0 && s->ended); /* white space before an image */
    s->number += got != 0;
    if (got < 0 && (!s->mend || !image_reader_uncounted(s->reader)))
        image_reader_die(s->reader, "%s", e->text);
    if (got < 0)
        s->over = !skip(s);
    return got;
}

size_t salvage_number(const struct salvage *s)
{
    return s->number;
}

void salvage_close(struct salvage *s)
{
    image_reader_free(s->reader);
    fclose(s->file);
    free(s);
}
