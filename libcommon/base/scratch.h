/* An array that may be too large for memory. Where more than half of what is left (mem_available, so the user's --mem too) would be
 * taken, it lies in an unlinked file in $TMPDIR (or /tmp), mapped, and is read and written as any array; the file goes with the
 * process, however it ends. Its pages count as resident until they are given back, so whoever walks over what may be one says in
 * between, on any thread:
 *
 *     for (each block) { work on it; scratch_relax(); } */
#ifndef BASE_SCRATCH_H
#define BASE_SCRATCH_H
#include <stdbool.h>
#include <stddef.h>

struct scratch {
    void *data;             /* aligned to 64 bytes; not cleared */
    struct mapping *mapped; /* NULL: it is in memory */
};
/* n elements of size bytes. Dies, with the folder named, when there is room neither in memory nor on that disk. what: "the projected
 * features", for messages. */
struct scratch scratch_new(size_t n, size_t size, const char *what);
void scratch_free(struct scratch *s);
/* Whether one is mapped now. */
bool scratch_used(void);
/* Where the process comes near to --mem, gives the pages of all mapped ones back; what they hold stays. */
void scratch_relax(void);
/* The same, however near: before other memory is asked for. */
void scratch_rest(void);
#endif
