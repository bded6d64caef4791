#include "base/opt.h"
#include "base/err.h"
#include "base/mem.h"
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

bool opt_parse_u64(uint64_t *out, const char *text, struct err *e)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno)
        return err_set(e, "'%s' is not a whole number", text);
    *out = n;
    return true;
}

bool opt_parse_size(size_t *out, const char *text, size_t min, size_t max, struct err *e)
{
    uint64_t n;
    if (!opt_parse_u64(&n, text, e))
        return false;
    if (n < min || n > max)
        return err_set(e, "%s is not in %zu..%zu", text, min, max);
    *out = (size_t)n;
    return true;
}

bool opt_parse_real(double *out, const char *text, double min, double max, struct err *e)
{
    char *end;
    double x = strtod(text, &end);
    if (end == text || *end)
        return err_set(e, "'%s' is not a number", text);
    if (!(x >= min && x <= max))
        return err_set(e, "%s is not in %g..%g", text, min, max);
    *out = x;
    return true;
}

bool opt_parse_bytes(size_t *out, const char *text, struct err *e)
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
        return err_set(e, "'%s' is not a size (such as 512M or 4G)", text);
    *out = (size_t)(x * unit);
    return true;
}

bool opt_parse_choice(size_t *out, const char *text, const char *const *names, struct err *e)
{
    char list[300] = "";
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return true;
        }
        size_t len = strlen(list);
        snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", names[i]);
    }
    return err_set(e, "'%s' is not one of %s", text, list);
}

bool opt_parse_choices(size_t *n, unsigned char *list, size_t most, const char *text,
                       const char *const *names, struct err *e)
{
    char *copy = xstrdup(text), *rest = copy, *word;
    bool good = true;
    *n = 0;
    while (good && (word = strsep(&rest, ","))) {
        size_t which = 0;
        good = *n < most ? opt_parse_choice(&which, word, names, e) : err_set(e, "more than %zu names", most);
        if (good)
            list[(*n)++] = (unsigned char)which;
    }
    free(copy);
    return good;
}

void opt_print_choices(FILE *f, size_t n, const unsigned char *list, const char *const *names)
{
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s%s", i ? "," : "", names[list[i]]);
}

/* The same or misuse(). */
static void must(bool good, const char *option, const struct err *e)
{
    if (!good)
        misuse("%s: %s", option, e->text);
}

size_t opt_size(const char *option, const char *text, size_t min, size_t max)
{
    struct err e;
    size_t n = 0;
    must(opt_parse_size(&n, text, min, max, &e), option, &e);
    return n;
}

uint64_t opt_u64(const char *option, const char *text)
{
    struct err e;
    uint64_t n = 0;
    must(opt_parse_u64(&n, text, &e), option, &e);
    return n;
}

double opt_real(const char *option, const char *text, double min, double max)
{
    struct err e;
    double x = 0;
    must(opt_parse_real(&x, text, min, max, &e), option, &e);
    return x;
}

size_t opt_bytes(const char *option, const char *text)
{
    struct err e;
    size_t n = 0;
    must(opt_parse_bytes(&n, text, &e), option, &e);
    return n;
}

size_t opt_choice(const char *option, const char *text, const char *const *names)
{
    struct err e;
    size_t i = 0;
    must(opt_parse_choice(&i, text, names, &e), option, &e);
    return i;
}
