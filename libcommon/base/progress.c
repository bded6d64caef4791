#include "base/progress.h"
#include "base/err.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { SILENT, LINES, REWRITE };

double progress_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct progress progress_start(const char *unit, size_t total)
{
    double now = progress_clock();
    int mode = err_verbosity < 0       ? SILENT
               : isatty(STDERR_FILENO) ? REWRITE
               : err_verbosity > 0     ? LINES
                                       : SILENT;
    return (struct progress){.unit = unit, .total = total, .start = now, .shown = now, .mode = mode};
}

static void show(const struct progress *p, double now)
{
    double elapsed = now - p->start;
    double rate = elapsed > 0 ? (double)p->done / elapsed : 0;
    const char *begin = p->mode == REWRITE ? "\r\033[K" : "";
    fprintf(stderr, "%s%s: %zu", begin, err_tool(), p->done);
    if (p->total)
        fprintf(stderr, "/%zu", p->total);
    fprintf(stderr, " %s, %.4g/s", p->unit, rate);
    if (p->extra[0])
        fprintf(stderr, ", %s", p->extra);
    if (p->total > p->done && rate > 0)
        fprintf(stderr, ", %.0f s left", (double)(p->total - p->done) / rate);
}

void progress_add(struct progress *p, size_t n)
{
    p->done += n;
    if (p->mode == SILENT)
        return;
    double now = progress_clock();
    if (now - p->shown < (p->mode == REWRITE ? 0.5 : 10.0))
        return;
    p->shown = now;
    show(p, now);
    if (p->mode == LINES)
        fputc('\n', stderr);
}

void progress_end(struct progress *p)
{
    if (p->mode == SILENT)
        return;
    p->total = 0;
    show(p, progress_clock());
    fputc('\n', stderr);
}
