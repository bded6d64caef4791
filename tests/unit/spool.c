/* base/spool: what was added is read again, from any place, before and after the buffer is full; messages when there is no room. */
#include "base/spool.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "tap.h"
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static jmp_buf escape;
static char said[500];
static void hook(int status, const char *line)
{
    (void)status;
    snprintf(said, sizeof said, "%s", line);
    longjmp(escape, 1);
}

enum { TOTAL = 3 * SPOOL_BUFFER + 12345 };
static unsigned char in[TOTAL], out[TOTAL];

/* Pieces of all sizes, and reads between them. */
static void pieces(void)
{
    struct rng r = rng_new(1, 0);
    struct spool *s = spool_new("bytes");
    size_t at = 0, wrong = 0;
    for (size_t i = 0; i < TOTAL; i++)
        in[i] = (unsigned char)rng_below(&r, 256);
    for (int i = 0; at < TOTAL; i++) {
        size_t n = i % 7 == 6 ? SPOOL_BUFFER + 77 : (size_t)rng_below(&r, 40000);
        n = n < TOTAL - at ? n : TOTAL - at;
        spool_add(s, in + at, n);
        at += n;
        const size_t from = (size_t)rng_below(&r, at), length = (size_t)rng_below(&r, at - from + 1);
        spool_read(s, out, length, from);
        wrong += memcmp(out, in + from, length) != 0;
    }
    ok(spool_size(s) == TOTAL && wrong == 0, "reads between writes give what was written");
    spool_read(s, out, TOTAL, 0);
    ok(memcmp(in, out, TOTAL) == 0, "and all of it in the end");
    memset(out, 7, 4);
    spool_read(s, out, 0, TOTAL);
    ok(out[0] == 7, "nothing of nothing");
    spool_free(s);
}

static size_t files_in(const char *folder)
{
    size_t n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void trouble(const char *folder)
{
    const struct rlimit little = {SPOOL_BUFFER / 2, RLIM_INFINITY}, much = {RLIM_INFINITY, RLIM_INFINITY};
    struct spool *s = spool_new("bytes");
    ok(files_in(folder) == 0, "it has no name");
    err_hook = hook;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    if (setjmp(escape) == 0) {
        spool_add(s, in, SPOOL_BUFFER);
        ok(!*said, "the buffer takes it");
        spool_add(s, in, SPOOL_BUFFER);
    }
    setrlimit(RLIMIT_FSIZE, &much);
    ok(strstr(said, "the temporary file of bytes in ") && strstr(said, folder) && strstr(said, "too large"),
       "no room: %s", said);
    spool_free(s);
    setenv("TMPDIR", "/no/such/folder", 1);
    if (setjmp(escape) == 0)
        spool_new("bytes");
    ok(strstr(said, "a temporary file of bytes in /no/such/folder: No such file") != NULL, "no folder: %s",
       said);
    err_hook = NULL;
}

int main(void)
{
    char folder[] = "/tmp/spool-test.XXXXXX";
    if (!mkdtemp(folder))
        return 1;
    setenv("TMPDIR", folder, 1);
    pieces();
    trouble(folder);
    rmdir(folder);
    return done();
}
