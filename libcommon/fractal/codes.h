/* Files of systems ("codes").
 *
 * TSV with the header `system map a b c d e f p`: one line a map, the lines of a system together, systems in
 * the order of the file; p are probabilities (made to sum to 1), 17 digits, so that what is read back is what
 * was written. FractalDB's CSV: no header, a,b,c,d,e,f,p a line, one system a file. */
#ifndef FRACTAL_CODES_H
#define FRACTAL_CODES_H
#include "base/err.h"
#include "fractal/ifs.h"
#include <stdio.h>

struct codes {
    struct ifs *system;
    size_t n, capacity;
}; /* {0} is empty; codes_free */
void codes_free(struct codes *c);
void codes_add(struct codes *c, const struct ifs *s);

/* Appends the systems of a text. False with "line N: reason". */
bool codes_parse(struct codes *c, const char *text, size_t n, struct err *e);
/* The same from a file, "-" stdin, or from all *.csv of a folder, by name. Dies with "FILE: reason". */
void codes_read(struct codes *c, const char *path);

void codes_write_head(FILE *f);
void codes_write(FILE *f, size_t index, const struct ifs *s);
#endif
