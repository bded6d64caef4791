#include "base/setting.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

struct setting_name setting_name(const struct setting *s)
{
    struct setting_name n;
    if (s->letter)
        snprintf(n.text, sizeof n.text, "-%c", s->letter);
    else
        snprintf(n.text, sizeof n.text, "--%s", s->name);
    return n;
}

static bool parse_size(size_t *value, const struct setting *s, const char *text, struct err *e)
{
    for (size_t i = 0; s->choices && s->choices[i]; i++)
        if (strcmp(text, s->choices[i]) == 0) {
            *value = SIZE_MAX - i;
            return true;
        }
    return opt_parse_size(value, text, (size_t)s->low, (size_t)s->high, e);
}

static bool parse_index(size_t *index, const struct setting *s, const char *text, struct err *e)
{
    return opt_parse_choice(index, text, s->choices, e);
}

static bool parse_switch(bool *value, const struct setting *s, const char *text, struct err *e)
{
    size_t index;
    if (!parse_index(&index, s, text, e))
        return false;
    *value = index == 1;
    return true;
}

static bool parse_choice(unsigned *value, const struct setting *s, const char *text, struct err *e)
{
    size_t index;
    if (!parse_index(&index, s, text, e))
        return false;
    *value = (unsigned)index;
    return true;
}

static bool parse_word(const char **value, const struct setting *s, const char *text, struct err *e)
{
    size_t index;
    if (!parse_index(&index, s, text, e))
        return false;
    *value = s->choices[index];
    return true;
}

/* Two values of a kind with `between` between them, or one for both. */
static bool parse_pair(void *value, const struct setting *s, const char *text, char between, struct err *e)
{
    const char *at = strchr(text, between);
    char *first = at ? xstrndup(text, (size_t)(at - text)) : xstrdup(text);
    const char *second = at ? at + 1 : text;
    size_t *n = value;
    double *x = value;
    bool good;
    if (s->kind == SETTING_REALS)
        good =
            opt_parse_real(x, first, s->low, s->high, e) && opt_parse_real(x + 1, second, s->low, s->high, e);
    else
        good = opt_parse_size(n, first, (size_t)s->low, (size_t)s->high, e) &&
               opt_parse_size(n + 1, second, (size_t)s->low, (size_t)s->high, e);
    free(first);
    if (good && ((s->kind == SETTING_REALS && x[0] > x[1]) || (s->kind == SETTING_SIZES && n[0] > n[1])))
        return err_set(e, "%s begins above its end", text);
    return good;
}

bool setting_parse(void *values, const struct setting *s, const char *text, struct err *e)
{
    void *at = (char *)values + s->offset;
    switch (s->kind) {
    case SETTING_SIZE:
        return parse_size(at, s, text, e);
    case SETTING_U64:
        return opt_parse_u64(at, text, e);
    case SETTING_REAL:
        return opt_parse_real(at, text, s->low, s->high, e);
    case SETTING_BYTES:
        return opt_parse_bytes(at, text, e);
    case SETTING_CHOICE:
        return parse_choice(at, s, text, e);
    case SETTING_SWITCH:
        return parse_switch(at, s, text, e);
    case SETTING_FLAG:
        *(bool *)at = true;
        return true;
    case SETTING_WORD:
        return parse_word(at, s, text, e);
    case SETTING_TEXT:
        *(const char **)at = text;
        return true;
    case SETTING_EXTENT:
        return parse_pair(at, s, text, 'x', e);
    case SETTING_SIZES:
    case SETTING_REALS:
        return parse_pair(at, s, text, '-', e);
    case SETTING_OWN:
        return s->own->read(at, text, e);
    }
    return err_set(e, "a setting of no kind");
}

void setting_read(void *values, const struct setting *s, const char *text)
{
    struct err e;
    if (!setting_parse(values, s, text, &e))
        misuse("%s: %s", setting_name(s).text, e.text);
}

static void print_size(FILE *f, size_t value, const struct setting *s)
{
    for (size_t i = 0; s->choices && s->choices[i]; i++)
        if (value == SIZE_MAX - i) {
            fputs(s->choices[i], f);
            return;
        }
    fprintf(f, "%zu", value);
}

/* Ranges whose ends are one are printed as one number. */
static void print_pair(FILE *f, const void *value, const struct setting *s)
{
    const size_t *n = value;
    const double *x = value;
    if (s->kind == SETTING_EXTENT)
        fprintf(f, "%zux%zu", n[0], n[1]);
    else if (s->kind == SETTING_SIZES && n[0] == n[1])
        fprintf(f, "%zu", n[0]);
    else if (s->kind == SETTING_SIZES)
        fprintf(f, "%zu-%zu", n[0], n[1]);
    else if (x[0] <= x[1] && x[0] >= x[1])
        fprintf(f, "%.9g", x[0]);
    else
        fprintf(f, "%.9g-%.9g", x[0], x[1]);
}

void setting_print(FILE *f, const void *values, const struct setting *s)
{
    const void *at = (const char *)values + s->offset;
    switch (s->kind) {
    case SETTING_SIZE:
        print_size(f, *(const size_t *)at, s);
        break;
    case SETTING_U64:
        fprintf(f, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case SETTING_REAL:
        fprintf(f, "%.9g", *(const double *)at);
        break;
    case SETTING_BYTES:
        fprintf(f, "%zu", *(const size_t *)at);
        break;
    case SETTING_CHOICE:
        fputs(s->choices[*(const unsigned *)at], f);
        break;
    case SETTING_SWITCH:
        fputs(s->choices[*(const bool *)at], f);
        break;
    case SETTING_FLAG:
        break;
    case SETTING_WORD:
    case SETTING_TEXT:
        if (*(const char *const *)at)
            fputs(*(const char *const *)at, f);
        break;
    case SETTING_EXTENT:
    case SETTING_SIZES:
    case SETTING_REALS:
        print_pair(f, at, s);
        break;
    case SETTING_OWN:
        s->own->print(f, at);
        break;
    }
}

char *setting_text(const void *values, const struct setting *s)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for a setting");
    setting_print(f, values, s);
    fclose(f);
    return text;
}

bool setting_is_set(const void *values, const struct setting *s)
{
    const void *at = (const char *)values + s->offset;
    if (s->kind == SETTING_FLAG)
        return *(const bool *)at;
    return (s->kind != SETTING_TEXT && s->kind != SETTING_WORD) || *(const char *const *)at;
}

void setting_copy(void *to, const void *from, const struct setting *s)
{
    if (s->kind == SETTING_TEXT || s->kind == SETTING_WORD) {
        *(const char **)((char *)to + s->offset) = *(const char *const *)((const char *)from + s->offset);
        return;
    }
    char *text = setting_text(from, s);
    setting_read(to, s, text);
    free(text);
}

bool setting_equal(const void *a, const void *b, const struct setting *s)
{
    char *x = setting_text(a, s), *y = setting_text(b, s);
    const bool same = strcmp(x, y) == 0 && setting_is_set(a, s) == setting_is_set(b, s);
    free(x);
    free(y);
    return same;
}

/* A value as a shell would take it: an empty text is still a word. */
static void put_word(FILE *f, const void *values, const struct setting *s)
{
    const char *text =
        s->kind == SETTING_TEXT ? *(const char *const *)((const char *)values + s->offset) : NULL;
    if (text && !*text)
        fputs("''", f);
    else
        setting_print(f, values, s);
}

char *settings_by(const void *values, const struct setting *table, unsigned use)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for the settings");
    for (const struct setting *s = table; s->name; s++) {
        if (!(s->use & use) || s->use & SETTING_SILENT || !setting_is_set(values, s))
            continue;
        fprintf(f, " %s%s", setting_name(s).text, s->kind == SETTING_FLAG ? "" : " ");
        put_word(f, values, s);
    }
    fclose(f);
    return text;
}

static size_t rows_of(const struct setting *table)
{
    size_t n = 0;
    while (table[n].name)
        n++;
    return n;
}

struct option *settings_options(const struct settings *set, size_t n, bool threads)
{
    static const struct option common[] = {OPT_COMMON}, thread = OPT_THREADS;
    size_t rows = sizeof common / sizeof *common + 2, at = sizeof common / sizeof *common;
    int number = OPT_LONG;
    for (size_t i = 0; i < n; i++)
        rows += rows_of(set[i].table);
    struct option *out = xcalloc(rows, sizeof *out);
    memcpy(out, common, sizeof common);
    if (threads)
        out[at++] = thread;
    for (size_t i = 0; i < n; i++)
        for (const struct setting *s = set[i].table; s->name; s++, number++)
            out[at++] = (struct option){s->name, s->kind == SETTING_FLAG ? no_argument : required_argument,
                                        NULL, s->letter ? s->letter : number};
    return out;
}

const struct setting *settings_find(const struct settings *set, size_t n, int c, size_t *which)
{
    int number = OPT_LONG;
    for (size_t i = 0; i < n; i++)
        for (const struct setting *s = set[i].table; s->name; s++, number++)
            if (c == (s->letter ? s->letter : number)) {
                *which = i;
                return s;
            }
    return NULL;
}

bool settings_take(struct settings *set, size_t n, int c, const char *text)
{
    size_t i;
    const struct setting *s = settings_find(set, n, c, &i);
    if (!s)
        return false;
    setting_read(set[i].values, s, text);
    set[i].given |= (uint64_t)1 << (s - set[i].table);
    return true;
}

const struct setting *settings_without(const struct settings *set, unsigned use)
{
    for (size_t i = 0; set->table[i].name; i++)
        if (set->given >> i & 1 && !(set->table[i].use & use))
            return &set->table[i];
    return NULL;
}

char *settings_page(const char *head, const struct settings *set, size_t n, const char *const *heading,
                    const char *end)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for --help");
    fputs(head, f);
    for (size_t i = 0; i < n; i++) {
        if (heading && heading[i])
            fputs(heading[i], f);
        settings_usage(f, set[i].values, set[i].table);
    }
    settings_usage_text(f, USAGE_THREADS USAGE_COMMON);
    fputs(end, f);
    fclose(f);
    return text;
}
