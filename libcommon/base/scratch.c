#include "base/scratch.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/temporary.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is smaller is not worth a file, nor a look at what is left. */
enum { SMALL = 4 << 20 };

/* The mapped ones, so that they can be given back without being named. */
static struct mapping {
    void *data;
    size_t bytes;
    struct mapping *next;
} *mappings = NULL;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct mapping *map(size_t bytes, const char *what)
{
    struct mapping *m = xcalloc(1, sizeof *m);
    const int fd = temporary_file(what);
    errno = posix_fallocate(fd, 0, (off_t)bytes); /* a full disk is told now, not by a signal */
    void *data = errno ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        die("%.1f MB in %s (TMPDIR) for %s:", (double)bytes / 1e6, temporary_folder(), what);
    close(fd);
    madvise(data, bytes, MADV_RANDOM); /* a hint */
    pthread_mutex_lock(&lock);
    *m = (struct mapping){data, bytes, mappings};
    mappings = m;
    pthread_mutex_unlock(&lock);
    return m;
}

static void unmap(struct mapping *m)
{
    pthread_mutex_lock(&lock);
    for (struct mapping **at = &mappings; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    munmap(m->data, m->bytes);
    free(m);
}

struct scratch scratch_new(size_t n, size_t size, const char *what)
{
    size_t bytes;
    if (!mem_mul(n, size, &bytes))
        die("out of memory: %zu x %zu bytes asked for", n, size);
    if (bytes < SMALL || bytes <= mem_available() / 2)
        return (struct scratch){xaligned(n, size), NULL};
    struct mapping *m = map(bytes, what);
    return (struct scratch){m->data, m};
}

void scratch_free(struct scratch *s)
{
    if (s->mapped)
        unmap(s->mapped);
    else
        free(s->data);
    *s = (struct scratch){0};
}

bool scratch_used(void)
{
    pthread_mutex_lock(&lock);
    const bool used = mappings != NULL;
    pthread_mutex_unlock(&lock);
    return used;
}

/* Shared mappings: the files keep what was written. */
void scratch_rest(void)
{
    pthread_mutex_lock(&lock);
    for (const struct mapping *m = mappings; m; m = m->next)
        madvise(m->data, m->bytes, MADV_DONTNEED);
    pthread_mutex_unlock(&lock);
}

void scratch_relax(void)
{
    if (scratch_used() && mem_tight())
        scratch_rest();
}
