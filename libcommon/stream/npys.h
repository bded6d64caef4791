/* The tensor stream, npys: NumPy .npy v1.0 records back to back; a 0-d byte string is a note (note.h) about
 * the arrays after it. See npys.5.
 *
 *     opening note   stream=features version=1 by=... weights=NAME:HASH
 *     record         note name= label= ... arrays=a,b   then the arrays a and b
 *     closing note   end=N
 *
 * Streams may be concatenated; opening notes must then agree in stream= and in the keys of identity.h.
 * Foreign streams without notes are accepted: every array is a record of its own. */
#ifndef STREAM_NPYS_H
#define STREAM_NPYS_H
#include "base/tensor.h"
#include "stream/note.h"
#include <stdio.h>

enum { NPYS_ARRAYS_MAX = 16 };
/* The largest array that a reader accepts. */
#define NPYS_BYTES_MAX ((size_t)1 << 34)

struct npys_record {
    struct note note; /* arrays= is set by the writer from `array_name` where that is not NULL */
    size_t n;
    struct tensor array[NPYS_ARRAYS_MAX];
    size_t capacity[NPYS_ARRAYS_MAX]; /* bytes at array[i].data; the reader's */
};
void npys_record_free(struct npys_record *rec);

struct npys_reader;
struct npys_reader *npys_reader_new(FILE *f, const char *label);
/* The opening note; empty for a foreign stream. Reads ahead as far as the first record. Dies on bad input. */
const struct note *npys_opening(struct npys_reader *r);
/* The next record into *rec (buffers are reused: start with {0}). False at the proper end; dies on anything
 * else: cut streams, unknown types, fortran order, absurd sizes, end= that does not count. Floats arrive as
 * they are (f4 or f2). */
bool npys_read(struct npys_reader *r, struct npys_record *rec);
/* 1 record, 0 end, -1 error with a reason. */
int npys_try_read(struct npys_reader *r, struct npys_record *rec, struct err *e);
_Noreturn void npys_reader_die(const struct npys_reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Records read so far. */
size_t npys_reader_count(const struct npys_reader *r);
void npys_reader_free(struct npys_reader *r);

/* The writer. `by` is this tool's provenance entry ("featx 0.1 -l layer2"); it is appended to the by= entries
 * of `opening` (which may come from the reader upstream, or be NULL). Each record is flushed when written. */
struct npys_writer;
struct npys_writer *npys_writer_new(FILE *f, const char *label, const struct note *opening, const char *by);
/* arrays: comma-separated names of the record's arrays, set as arrays= in what is written. */
void npys_write(struct npys_writer *w, const struct npys_record *rec, const char *arrays);
/* end=N, flush, free. */
void npys_writer_end(struct npys_writer *w);
#endif
