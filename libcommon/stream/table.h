/* Tables: TSV with a header line. Cells hold no tab and no newline (the writer replaces them by spaces). */
#ifndef STREAM_TABLE_H
#define STREAM_TABLE_H
#include "base/err.h"
#include <stddef.h>
#include <stdio.h>

struct table {
    size_t columns, rows;
    char **head;  /* columns */
    char ***cell; /* rows x columns */
    char *text;   /* the storage of all cells */
};

/* Bytes to pass over at the beginning of a text: 3 where it is UTF-8's byte order mark, as some editors and spreadsheets
 * write, else 0. */
size_t text_mark(const char *text, size_t n);
/* False with "line N: reason": ragged lines, NUL bytes, no header. */
bool table_parse(struct table *t, const char *text, size_t n, struct err *e);
/* Reads a whole file ("-" stdin); dies with "PATH: reason". */
void table_read(struct table *t, const char *path);
/* The rest of an open file; `label` is what messages call it. */
void table_read_from(struct table *t, FILE *f, const char *label);
void table_free(struct table *t);
/* The column's index; -1 where absent. */
ptrdiff_t table_column(const struct table *t, const char *head);

/* Writes one line: cells joined by tabs. */
void table_write(FILE *f, const char *label, size_t n, const char *const *cells);
#endif
