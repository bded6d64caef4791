/* A spool: bytes that are too many for memory wait in an unlinked file in $TMPDIR (or /tmp) until they are read again, at any
 * place. The file goes with the process, however it ends. Memory: a buffer of SPOOL_BUFFER bytes. Not for two threads at once. */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H
#include <stddef.h>
#include <stdint.h>

enum { SPOOL_BUFFER = 1 << 18 };

struct spool;
/* what: what waits there, for messages: "features". Dies when there can't be a file. */
struct spool *spool_new(const char *what);
/* Appends n bytes; dies, with the folder named, when the file can't grow. */
void spool_add(struct spool *s, const void *data, size_t n);
/* Bytes added so far. */
uint64_t spool_size(const struct spool *s);
/* Reads n bytes from `offset` on, all of them added before. */
void spool_read(struct spool *s, void *out, size_t n, uint64_t offset);
void spool_free(struct spool *s); /* NULL: nothing */
#endif
