#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 1 << 18, PIPE = 1 << 20 };

/* A pipe holds 64 KiB of itself: a megabyte of features would wake its reader two dozen times. A hint, no more: it isn't a pipe, or
 * the user has enough of them. */
static void widen(int fd)
{
    const int kept = errno;
    (void)fcntl(fd, F_SETPIPE_SZ, PIPE);
    errno = kept;
}

const char *file_label(const char *name)
{
    return !name || strcmp(name, "-") == 0 ? "stdin" : name;
}

FILE *file_open(const char *name)
{
    if (!name || strcmp(name, "-") == 0) {
        widen(STDIN_FILENO);
        return stdin;
    }
    FILE *f = fopen(name, "rbe");
    struct stat st;
    if (!f)
        die("%s:", name);
    if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        die("%s:", name);
    }
    return f;
}

void file_close(FILE *f)
{
    if (f && f != stdin)
        fclose(f);
}

size_t file_read(void *out, size_t n, FILE *f, const char *name)
{
    size_t got = fread(out, 1, n, f);
    if (got < n && ferror(f))
        die("%s:", name);
    return got;
}

bool file_ready(FILE *f)
{
    struct pollfd p = {.fd = fileno(f), .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

void file_write(const void *data, size_t n, FILE *f, const char *name)
{
    if (fwrite(data, 1, n, f) != n)
        die("%s:", name);
}

bool file_slurp(const char *name, size_t cap, unsigned char **data, size_t *n, struct err *e)
{
    struct stat st;
    FILE *f = fopen(name, "rbe");
    if (!f)
        return err_set(e, "cannot open:");
    size_t size = 0, capacity = 0;
    unsigned char *p = NULL;
    bool ok = true;
    if (fstat(fileno(f), &st))
        ok = err_set(e, "cannot stat:");
    else if (S_ISDIR(st.st_mode))
        ok = err_set(e, "is a directory");
    else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > cap)
        ok = err_set(e, "is larger than %zu bytes", cap);
    else
        capacity = S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : 65536;
    while (ok) {
        p = xrealloc(p, capacity, 1);
        size += fread(p + size, 1, capacity - 1 - size, f);
        if (ferror(f))
            ok = err_set(e, "cannot read:");
        else if (size < capacity - 1 || (S_ISREG(st.st_mode) && feof(f)))
            break;
        else if (size >= cap)
            ok = size > cap ? err_set(e, "is larger than %zu bytes", cap) : true;
        capacity = S_ISREG(st.st_mode) ? capacity + 1 : 2 * capacity;
    }
    fclose(f);
    if (!ok) {
        free(p);
        return false;
    }
    p[size] = 0;
    *data = p;
    *n = size;
    return true;
}

FILE *out_binary(void)
{
    if (isatty(STDOUT_FILENO))
        misuse("stdout is a terminal: redirect it or add a program (see %s --help)", err_tool());
    widen(STDOUT_FILENO);
    setvbuf(stdout, NULL, _IOFBF, BUFFER);
    return stdout;
}

int out_close(void)
{
    int failed = ferror(stdout);
    if (fflush(stdout) || failed || fclose(stdout))
        die("stdout:");
    return EXIT_DONE;
}
