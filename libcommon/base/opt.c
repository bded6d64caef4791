#include "base/opt.h"
#include "base/err.h"
#include "base/thread.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void letters(char *out, const struct option *table)
{
    *out++ = ':'; /* a missing argument is told from an unknown option */
    for (; table->name; table++)
        if (table->val < OPT_LONG) {
            *out++ = (char)table->val;
            if (table->has_arg == required_argument)
                *out++ = ':';
        }
    *out = 0;
}

static _Noreturn void print_and_exit(const char *a, const char *b)
{
    printf("%s%s", a, b);
    if (fflush(stdout) || ferror(stdout))
        die("stdout:");
    exit(EXIT_DONE);
}

int opt_next(int argc, char **argv, const struct option *table, const char *usage)
{
    char shorts[256];
    letters(shorts, table);
    opterr = 0;
    for (;;) {
        int tried = optind ? optind : 1;
        int c = getopt_long(argc, argv, shorts, table, NULL);
        switch (c) {
        case 'h':
            print_and_exit(usage, "");
        case 'V':
            print_and_exit(err_tool(), " (fern) " FERN_VERSION "\n");
        case 'v':
            err_verbosity = 1;
            break;
        case 'q':
            err_verbosity = -1;
            break;
        case 'j':
            pool_start(opt_size("-j", optarg, 1, POOL_MAX));
            break;
        case ':':
            misuse("option '%s' needs an argument (see %s --help)", argv[tried], err_tool());
        case '?':
            misuse("unknown option '%s' (see %s --help)", argv[tried], err_tool());
        default:
            return c;
        }
    }
}

static uint64_t whole(const char *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno)
        misuse("%s: '%s' is not a whole number", option, text);
    return n;
}

size_t opt_size(const char *option, const char *text, size_t min, size_t max)
{
    uint64_t n = whole(option, text);
    if (n < min || n > max)
        misuse("%s: %s is not in %zu..%zu", option, text, min, max);
    return (size_t)n;
}

uint64_t opt_u64(const char *option, const char *text)
{
    return whole(option, text);
}

double opt_real(const char *option, const char *text, double min, double max)
{
    char *end;
    double x = strtod(text, &end);
    if (end == text || *end)
        misuse("%s: '%s' is not a number", option, text);
    if (!(x >= min && x <= max))
        misuse("%s: %s is not in %g..%g", option, text, min, max);
    return x;
}

size_t opt_bytes(const char *option, const char *text)
{
    static const char suffixes[] = "KMGT";
    char *end;
    double x = strtod(text, &end);
    double unit = 1;
    const char *s = *end ? strchr(suffixes, toupper((unsigned char)*end)) : NULL;
    if (s) {
        for (ptrdiff_t i = 0; i <= s - suffixes; i++)
            unit *= 1024;
        end++;
    }
    if (end == text || *end || !(x * unit >= 1 && x * unit < 0x1p62))
        misuse("%s: '%s' is not a size (such as 512M or 4G)", option, text);
    return (size_t)(x * unit);
}

size_t opt_choice(const char *option, const char *text, const char *const *names)
{
    char list[300] = "";
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
        size_t len = strlen(list);
        snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", names[i]);
    }
    misuse("%s: '%s' is not one of %s", option, text, list);
}
