/* Records of a tensor stream, or the tensors of a safetensors file as records, by the same calls: for
 * programs that look into either. */
#ifndef STREAM_RECORDS_H
#define STREAM_RECORDS_H
#include "stream/npys.h"

struct records;
/* NULL or "-" is stdin. What it is is told by its content. Dies with "FILE: reason". */
struct records *records_open(const char *name);
/* The stream's opening note; of a safetensors file its metadata, and hash=. */
const struct note *records_opening(struct records *r);
/* As npys_read; a safetensors file gives one record for each tensor, sorted by name, the note being name=. */
bool records_next(struct records *r, struct npys_record *rec);
size_t records_count(const struct records *r);
void records_close(struct records *r);
#endif
