/* Where buffers of known lifetimes lie in one arena, so that those alive at the same time do not overlap.
 * Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020,
 * "greedy by size for offsets"). */
#ifndef NN_MEMORY_PLAN_H
#define NN_MEMORY_PLAN_H
#include <stddef.h>

struct memory_buffer {
    size_t size;        /* bytes; 0: not placed */
    size_t first, last; /* the first and last step in which it is alive, both included */
    size_t offset;      /* the answer: bytes, a multiple of 64 */
};

/* Alive at this time too. A buffer without a size yet begins to live. */
void memory_alive(struct memory_buffer *b, size_t size, size_t time);
/* Fills in the offsets; returns the bytes of the arena. */
size_t memory_plan(struct memory_buffer *buffer, size_t n);
#endif
