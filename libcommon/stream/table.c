#include "stream/table.h"
#include "base/file.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define TABLE_BYTES_MAX ((size_t)1 << 32)

/* Cuts a line (NUL-terminated) at its tabs into at most max cells; the number there are. */
static size_t split(char *line, char **cell, size_t max)
{
    size_t n = 0;
    for (char *p = line; p; n++) {
        char *tab = strchr(p, '\t');
        if (tab)
            *tab++ = 0;
        if (n < max)
            cell[n] = p;
        p = tab;
    }
    return n;
}

static size_t count(const char *text, size_t n, char what)
{
    size_t found = 0;
    for (const char *p = text, *end = text + n; (p = memchr(p, what, (size_t)(end - p))); p++)
        found++;
    return found;
}

/* Ends the line at p; the next one. A carriage return before the newline goes. */
static char *end_line(char *p, char *end)
{
    char *newline = memchr(p, '\n', (size_t)(end - p));
    char *stop = newline ? newline : end;
    *stop = 0;
    if (stop > p && stop[-1] == '\r')
        stop[-1] = 0;
    return newline ? newline + 1 : end;
}

static bool parse_rows(struct table *t, char *p, char *end, struct err *e)
{
    while (p < end) {
        char *line = p;
        p = end_line(p, end);
        size_t cells = split(line, t->cell[t->rows], t->columns);
        if (cells != t->columns)
            return err_set(e, "line %zu: %zu cells where the header has %zu", t->rows + 2, cells, t->columns);
        t->rows++;
    }
    return true;
}

size_t text_mark(const char *text, size_t n)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t length = sizeof mark - 1;
    return n >= length && memcmp(text, mark, length) == 0 ? length : 0;
}

bool table_parse(struct table *t, const char *text, size_t n, struct err *e)
{
    *t = (struct table){0};
    const size_t mark = text_mark(text, n);
    text += mark;
    n -= mark;
    const char *nul = memchr(text, 0, n);
    if (n == 0)
        return err_set(e, "no data: did the program upstream die?");
    if (nul)
        return err_set(e, "line %zu: a NUL byte", count(text, (size_t)(nul - text), '\n') + 1);
    if (*text == '\n' || *text == '\r')
        return err_set(e, "line 1: no header");
    t->text = xmalloc(n + 1, 1);
    memcpy(t->text, text, n);
    char *end = t->text + n, *rest = end_line(t->text, end);
    size_t lines = count(rest, (size_t)(end - rest), '\n') + 1, cells;
    t->columns = 1 + count(t->text, strlen(t->text), '\t');
    /* each cell ends with a byte of its own, but for the last line's: refuse before cells are taken */
    if (!mem_mul(lines, t->columns, &cells) || cells - t->columns > n)
        cells = 0;
    t->head = xmalloc(t->columns, sizeof *t->head);
    split(t->text, t->head, t->columns);
    bool fine = cells ? true : err_set(e, "lines have fewer cells than the header's %zu", t->columns);
    if (fine) {
        t->cell = xmalloc(lines + 1, sizeof *t->cell);
        char **block = xmalloc(cells, sizeof *block);
        for (size_t i = 0; i <= lines; i++)
            t->cell[i] = block + (i < lines ? i : 0) * t->columns;
        fine = parse_rows(t, rest, end, e);
    }
    if (!fine)
        table_free(t);
    return fine;
}

void table_free(struct table *t)
{
    if (t->cell)
        free(t->cell[0]);
    free(t->cell);
    free(t->head);
    free(t->text);
    *t = (struct table){0};
}

static char *slurp(FILE *f, const char *label, size_t *n)
{
    size_t capacity = 65536, got;
    char *text = xmalloc(capacity, 1);
    for (*n = 0; (got = file_read(text + *n, capacity - *n, f, label)) > 0; *n += got) {
        if (*n + got < capacity)
            continue;
        if (capacity >= TABLE_BYTES_MAX)
            die("%s: is larger than %zu bytes", label, TABLE_BYTES_MAX);
        mem_need(2 * capacity, "a table");
        text = xrealloc(text, capacity *= 2, 1);
    }
    return text;
}

static void parse_or_die(struct table *t, const char *label, const char *text, size_t n)
{
    struct err e;
    if (!table_parse(t, text, n, &e))
        die("%s: %s", label, e.text);
}

void table_read_from(struct table *t, FILE *f, const char *label)
{
    size_t n;
    char *text = slurp(f, label, &n);
    parse_or_die(t, label, text, n);
    free(text);
}

void table_read(struct table *t, const char *path)
{
    unsigned char *text;
    size_t n;
    struct err e;
    if (strcmp(path, "-") == 0) {
        table_read_from(t, stdin, file_label(path));
        return;
    }
    if (!file_slurp(path, TABLE_BYTES_MAX, &text, &n, &e))
        die("%s: %s", path, e.text);
    parse_or_die(t, path, (char *)text, n);
    free(text);
}

ptrdiff_t table_column(const struct table *t, const char *head)
{
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->head[i], head) == 0)
            return (ptrdiff_t)i;
    return -1;
}

void table_write(FILE *f, const char *label, size_t n, const char *const *cells)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            putc('\t', f);
        for (const char *p = cells[i]; *p; p++)
            putc(*p == '\t' || *p == '\n' || *p == '\r' ? ' ' : *p, f);
    }
    if (putc('\n', f) == EOF || ferror(f))
        die("%s:", label);
}
