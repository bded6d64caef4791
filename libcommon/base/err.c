#include "base/err.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_verbosity = 0;
void (*err_hook)(int status, const char *line) = NULL;
static const char *tool = "fern";

void err_init(const char *argv0)
{
    const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
    tool = slash ? slash + 1 : argv0 ? argv0 : "fern";
}

const char *err_tool(void)
{
    return tool;
}

/* Formats, appends strerror after a final ':', and keeps the text on one line whatever a file name contains. */
static void format(char *out, size_t size, int error, const char *fmt, va_list ap)
{
    int n = vsnprintf(out, size, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
    if (len && out[len - 1] == ':')
        snprintf(out + len, size - len, " %s", strerror(error));
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

enum { REASON = 1200 };

static _Noreturn void leave(int status, const char *reason)
{
    char line[REASON + 200];
    snprintf(line, sizeof line, "%s: %s", tool, reason);
    if (err_hook)
        err_hook(status, line);
    fprintf(stderr, "%s\n", line);
    exit(status);
}

void die(const char *fmt, ...)
{
    char reason[REASON];
    int error = errno;
    va_list ap;
    va_start(ap, fmt);
    format(reason, sizeof reason, error, fmt, ap);
    va_end(ap);
    leave(EXIT_FAILED, reason);
}

void misuse(const char *fmt, ...)
{
    char reason[REASON];
    int error = errno;
    va_list ap;
    va_start(ap, fmt);
    format(reason, sizeof reason, error, fmt, ap);
    va_end(ap);
    leave(EXIT_MISUSE, reason);
}

static void say(int level, int error, const char *fmt, va_list ap)
{
    char reason[1200];
    if (err_verbosity < level)
        return;
    format(reason, sizeof reason, error, fmt, ap);
    fprintf(stderr, "%s: %s\n", tool, reason);
}

void warning(const char *fmt, ...)
{
    int error = errno;
    va_list ap;
    va_start(ap, fmt);
    say(0, error, fmt, ap);
    va_end(ap);
}

void notice(const char *fmt, ...)
{
    int error = errno;
    va_list ap;
    va_start(ap, fmt);
    say(1, error, fmt, ap);
    va_end(ap);
}

bool err_set(struct err *e, const char *fmt, ...)
{
    int error = errno;
    va_list ap;
    va_start(ap, fmt);
    format(e->text, sizeof e->text, error, fmt, ap);
    va_end(ap);
    return false;
}
