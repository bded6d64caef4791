#include "base/file.h"
#include "base/mem.h"
#include "stream/image.h"
#include "stream/netpbm.h"
#include <stdlib.h>
#include <string.h>

/* libnetpbm reads header lines into 256 bytes; '#', newline and NUL are among them. */
enum { COMMENT_MAX = 250 };

struct image_writer {
    FILE *f;
    char *label;
    size_t count;      /* images handed in */
    struct image held; /* the last of them */
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

static char *format_comments(const struct note *note, size_t seq, size_t end)
{
    char *text = NULL, number[24];
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        die("out of memory in a comment");
    for (size_t i = 0; i < note->n; i++)
        if (strlen(note->pair[i].key) < COMMENT_MAX / 2)
            format_pair(to, note->pair[i].key, note->pair[i].value);
    snprintf(number, sizeof number, "%zu", seq);
    format_pair(to, "seq", number);
    if (end) {
        snprintf(number, sizeof number, "%zu", end);
        format_pair(to, "end", number);
    }
    if (fclose(to))
        die("out of memory in a comment");
    text[strlen(text) - 1] = 0; /* libnetpbm ends the last line itself */
    return text;
}

/* end: 0, or the number of images when this is the last. */
static void emit(struct image_writer *w, size_t end)
{
    char *comments = format_comments(&w->held.note, w->count - 1, end);
    netpbm_write(w->f, w->label, &w->held.raster, comments);
    free(comments);
    if (fflush(w->f))
        die("%s:", w->label);
}

static void hold(struct image *held, const struct image *im)
{
    struct raster *to = &held->raster;
    const struct raster *from = &im->raster;
    void *room = to->samples;
    if (!room || raster_bytes(to) != raster_bytes(from)) {
        raster_free(to);
        room = raster_new(from->width, from->height, from->channels, from->maxval).samples;
    }
    *to = *from;
    to->samples = memcpy(room, from->samples, raster_bytes(from));
    note_copy(&held->note, &im->note);
    note_remove(&held->note, "seq");
    note_remove(&held->note, "end");
}

void image_write(struct image_writer *w, const struct image *im)
{
    if (w->count)
        emit(w, 0);
    hold(&w->held, im);
    w->count++;
}

void image_writer_end(struct image_writer *w)
{
    if (w->count)
        emit(w, w->count);
    if (fflush(w->f))
        die("%s:", w->label);
    image_free(&w->held);
    free(w->label);
    free(w);
}
