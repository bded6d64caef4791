#include "base/spool.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/temporary.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spool {
    char *what;
    int fd;
    uint64_t written; /* bytes in the file; behind them: */
    size_t waiting;   /* bytes in the buffer */
    unsigned char buffer[SPOOL_BUFFER];
};

struct spool *spool_new(const char *what)
{
    const int fd = temporary_file(what);
    struct spool *s = xcalloc(1, sizeof *s);
    s->fd = fd;
    s->what = xstrdup(what);
    return s;
}

void spool_free(struct spool *s)
{
    if (!s)
        return;
    close(s->fd);
    free(s->what);
    free(s);
}

uint64_t spool_size(const struct spool *s)
{
    return s->written + s->waiting;
}

static void write_out(struct spool *s, const void *data, size_t n)
{
    for (const char *p = data; n;) {
        const ssize_t done = pwrite(s->fd, p, n, (off_t)s->written);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            die("the temporary file of %s in %s (TMPDIR), %.1f MB long:", s->what, temporary_folder(),
                (double)s->written / 1e6);
        p += done;
        n -= (size_t)done;
        s->written += (uint64_t)done;
    }
}

static void flush(struct spool *s)
{
    const size_t n = s->waiting;
    s->waiting = 0;
    write_out(s, s->buffer, n);
}

void spool_add(struct spool *s, const void *data, size_t n)
{
    if (n > SPOOL_BUFFER - s->waiting)
        flush(s);
    if (n > SPOOL_BUFFER) {
        write_out(s, data, n);
        return;
    }
    memcpy(s->buffer + s->waiting, data, n);
    s->waiting += n;
}

void spool_read(struct spool *s, void *out, size_t n, uint64_t offset)
{
    if (offset + n > s->written)
        flush(s);
    for (char *p = out; n;) {
        const ssize_t got = pread(s->fd, p, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            die("the temporary file of %s in %s:", s->what, temporary_folder());
        if (got == 0)
            die("the temporary file of %s in %s has become shorter than what was written", s->what,
                temporary_folder());
        p += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
}
