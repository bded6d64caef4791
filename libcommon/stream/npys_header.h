/* The header of one .npy record: parsed and made. Below npys.h; tools use that. */
#ifndef STREAM_NPYS_HEADER_H
#define STREAM_NPYS_HEADER_H
#include "base/err.h"
#include "base/tensor.h"
#include <stdio.h>

enum { NPYS_NOTE_MAX = 1 << 20 }; /* bytes of a note */

struct npys_header {
    bool note;          /* a 0-d byte string ... */
    size_t note_bytes;  /* ... of so many bytes; else an array: */
    struct tensor like; /* type and shape; data NULL */
};

/* Reads magic and header from f. 1 done, 0 end of file before the first byte, -1 error: not .npy, cut,
 * a type that fern doesn't know (also big-endian), fortran order, more than TENSOR_RANK_MAX dimensions or
 * NPYS_BYTES_MAX bytes. */
int npys_header_read(FILE *f, struct npys_header *h, struct err *e);
/* Writes it as numpy.save would. Dies with "label: reason". */
void npys_header_write(FILE *f, const char *label, const struct npys_header *h);
#endif
