#include "base/feed.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 1 << 16 };

struct feed {
    int fd;
    const char *label;
    unsigned char *data;
    size_t start, end, capacity;
    bool over;
};

struct feed *feed_open(const char *name)
{
    struct feed *f = xcalloc(1, sizeof *f);
    f->label = file_label(name);
    f->fd = !name || strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0)
        die("%s:", name);
    return f;
}

void feed_close(struct feed *f)
{
    if (f->fd != STDIN_FILENO)
        close(f->fd);
    free(f->data);
    free(f);
}

/* Room for n bytes from start on and one more for a NUL. */
static void make_room(struct feed *f, size_t n)
{
    if (f->start) {
        memmove(f->data, f->data + f->start, f->end - f->start);
        f->end -= f->start;
        f->start = 0;
    }
    if (n + 1 > f->capacity) {
        f->capacity = n < ROOM ? ROOM : 2 * n;
        mem_need(f->capacity, "what has come of the input");
        f->data = xrealloc(f->data, f->capacity, 1);
    }
}

size_t feed_wait(struct feed *f, size_t n, const unsigned char **data)
{
    while (!f->over && f->end - f->start < n) {
        make_room(f, n);
        const ssize_t got = read(f->fd, f->data + f->end, f->capacity - 1 - f->end);
        if (got < 0 && errno != EINTR)
            die("%s:", f->label);
        f->over = got == 0;
        f->end += got > 0 ? (size_t)got : 0;
    }
    *data = f->data + f->start;
    return f->end - f->start;
}

void feed_take(struct feed *f, size_t n)
{
    f->start += n;
}

char *feed_line(struct feed *f, bool wait, size_t *n)
{
    const unsigned char *data, *newline = NULL;
    size_t there = feed_wait(f, 0, &data), seen = 0;
    while (!(newline = there > seen ? memchr(data + seen, '\n', there - seen) : NULL) && wait && !f->over) {
        seen = there;
        there = feed_wait(f, there + 1, &data);
    }
    if (!newline && !(wait && there))
        return NULL;
    *n = newline ? (size_t)(newline - data) : there;
    make_room(f, there);
    char *line = (char *)f->data + f->start;
    line[*n] = 0;
    feed_take(f, *n + (newline != NULL));
    return line;
}
