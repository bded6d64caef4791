#include "base/mem.h"
#include "base/err.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Large memory comes in huge pages where the kernel has them: fewer faults, fewer misses of the TLB. */
enum { HUGE_PAGE = 2 << 20, HUGE_FROM = 4 << 20 };

static size_t user_limit = 0;

bool mem_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool mem_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static size_t product(size_t n, size_t size)
{
    size_t bytes;
    if (!mem_mul(n, size, &bytes) || bytes > SIZE_MAX / 2)
        die("out of memory: %zu x %zu bytes asked for", n, size);
    return bytes ? bytes : 1;
}

static void *check(void *p, size_t bytes)
{
    if (!p)
        die("out of memory: %zu bytes asked for", bytes);
    return p;
}

/* Asks for huge pages where whole ones lie in it. A hint: that it fails changes nothing. */
static void *hugely(void *p, size_t bytes)
{
    if (bytes >= HUGE_FROM) {
        char *first = (char *)p + (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
        const size_t left = bytes - (size_t)(first - (char *)p);
        madvise(first, left / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    }
    return p;
}

void *xmalloc(size_t n, size_t size)
{
    size_t bytes = product(n, size);
    return hugely(check(malloc(bytes), bytes), bytes);
}

void *xcalloc(size_t n, size_t size)
{
    size_t bytes = product(n, size);
    return hugely(check(calloc(1, bytes), bytes), bytes);
}

void *xrealloc(void *p, size_t n, size_t size)
{
    size_t bytes = product(n, size);
    return check(realloc(p, bytes), bytes);
}

void *xaligned(size_t n, size_t size)
{
    const size_t whole = product(n, size), align = whole >= HUGE_FROM ? HUGE_PAGE : 64;
    const size_t bytes = (whole + align - 1) / align * align;
    return hugely(check(aligned_alloc(align, bytes), bytes), bytes);
}

char *xstrndup(const char *s, size_t n)
{
    return check(strndup(s, n), n);
}

char *xstrdup(const char *s)
{
    return check(strdup(s), strlen(s));
}

char *xprintf(const char *fmt, ...)
{
    char *s;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        die("out of memory in a message");
    return s;
}

void *xgrow(void *p, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return p;
    *capacity = *capacity ? 2 * *capacity : 8;
    return xrealloc(p, *capacity, size);
}

/* The number behind KEY in a file of "KEY number" lines, in UNIT bytes; SIZE_MAX where there is none. */
static size_t proc_number(const char *path, const char *key, size_t unit)
{
    char line[256];
    size_t value = SIZE_MAX;
    FILE *f = fopen(path, "re");
    if (!f)
        return SIZE_MAX;
    while (fgets(line, sizeof line, f)) {
        size_t len = strlen(key);
        unsigned long long n;
        if (strncmp(line, key, len) == 0 && sscanf(line + len, "%llu", &n) == 1) {
            value = (size_t)n * unit;
            break;
        }
    }
    fclose(f);
    return value;
}

void mem_limit(size_t bytes)
{
    user_limit = bytes;
}

/* Resident bytes now; 0 where unknown. */
static size_t resident(void)
{
    size_t bytes = proc_number("/proc/self/status", "VmRSS:", 1024);
    return bytes == SIZE_MAX ? 0 : bytes;
}

bool mem_tight(void)
{
    return user_limit && resident() > user_limit / 8 * 5;
}

size_t mem_available(void)
{
    size_t least = proc_number("/proc/meminfo", "MemAvailable:", 1024);
    size_t max = proc_number("/sys/fs/cgroup/memory.max", "", 1);
    size_t used = proc_number("/sys/fs/cgroup/memory.current", "", 1);
    if (max != SIZE_MAX && used != SIZE_MAX) {
        size_t left = max > used ? max - used : 0;
        if (left < least)
            least = left;
    }
    if (user_limit) {
        size_t now = resident();
        size_t left = user_limit > now ? user_limit - now : 0;
        if (left < least)
            least = left;
    }
    return least;
}

void mem_need(size_t bytes, const char *what)
{
    size_t have = mem_available();
    if (bytes > have)
        die("%s needs %.1f MB of memory, %.1f MB %s", what, (double)bytes / 1e6, (double)have / 1e6,
            user_limit ? "are left within --mem" : "are available");
}

size_t mem_peak(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (size_t)u.ru_maxrss * 1024;
}
