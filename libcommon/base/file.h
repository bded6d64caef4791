/* Files as a Unix tool uses them: "-" is stdin or stdout, writes are checked. Files that a tool makes are in
 * product.h.
 *
 * Everything dies with "FILE: reason"; a FILE * stays the caller's. */
#ifndef BASE_FILE_H
#define BASE_FILE_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Opens for reading; NULL or "-" is stdin. */
FILE *file_open(const char *name);
/* What messages call it: "stdin" for NULL or "-". */
const char *file_label(const char *name);
/* Closes what file_open opened (stdin stays open). */
void file_close(FILE *f);

/* Reads n bytes. The number read: n, or less at the end of the file; dies on a read error. */
size_t file_read(void *out, size_t n, FILE *f, const char *name);
/* Whether more has come (the beginning of a record, say), or the end. What stdio holds in its buffer does not
 * count. */
bool file_ready(FILE *f);
/* Writes n bytes or dies. */
void file_write(const void *data, size_t n, FILE *f, const char *name);

/* A whole file in memory (free() it), *n bytes and a NUL after them. False with a reason when it can't be
 * read, is a directory, or is larger than cap. */
bool file_slurp(const char *name, size_t cap, unsigned char **data, size_t *n, struct err *e);

/* stdout as a binary stream with a large buffer; misuse() when it is a terminal. */
FILE *out_binary(void);
/* The last act of every main: flushes and closes stdout; the exit status (1 and a message when that fails). */
int out_close(void);
#endif
