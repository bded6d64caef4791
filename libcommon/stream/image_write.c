#include "base/file.h"
#include "base/mem.h"
#include "stream/end.h"
#include "stream/image.h"
#include "stream/netpbm.h"
#include <stdlib.h>
#include <string.h>

/* libnetpbm reads header lines into 256 bytes; '#', newline and NUL are among them. */
enum { COMMENT_MAX = 250 };

struct image_writer {
    FILE *f;
    char *label;
    size_t count; /* images written */
};

struct image_writer *image_writer_new(FILE *f, const char *label)
{
    struct image_writer *w = xcalloc(1, sizeof *w);
    w->f = f;
    w->label = xstrdup(label);
    return w;
}

/* One pair as comment lines; what is longer than a line goes on in "key+=rest" lines. */
static void format_pair(FILE *to, const char *key, const char *value)
{
    char *escaped = note_escape(value);
    size_t left = strlen(escaped), room = COMMENT_MAX - strlen("#  +=") - strlen(key);
    const char *p = escaped;
    for (const char *sign = "";; sign = "+") {
        size_t now = left < room ? left : room;
        fprintf(to, " %s%s=%.*s\n", key, sign, (int)now, p);
        p += now;
        left -= now;
        if (left == 0)
            break;
    }
    free(escaped);
}

static char *format_comments(const struct note *note, size_t seq)
{
    char *text = NULL, number[24];
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        die("out of memory in a comment");
    for (size_t i = 0; i < note->n; i++) {
        const char *key = note->pair[i].key;
        if (strlen(key) < COMMENT_MAX / 2 && strcmp(key, "seq") != 0 && strcmp(key, "end") != 0)
            format_pair(to, key, note->pair[i].value);
    }
    snprintf(number, sizeof number, "%zu", seq);
    format_pair(to, "seq", number);
    if (fclose(to))
        die("out of memory in a comment");
    text[strlen(text) - 1] = 0; /* libnetpbm ends the last line itself */
    return text;
}

static void flush(struct image_writer *w)
{
    if (fflush(w->f))
        die("%s:", w->label);
}

void image_write(struct image_writer *w, const struct image *im)
{
    char *comments = format_comments(&im->note, w->count++);
    netpbm_write(w->f, w->label, &im->raster, comments);
    free(comments);
    flush(w);
}

void image_writer_end(struct image_writer *w)
{
    end_write(w->f, w->label, w->count);
    flush(w);
    free(w->label);
    free(w);
}
