#include "nn/memory_plan.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdlib.h>

static size_t rounded(size_t size)
{
    return (size + 63) / 64 * 64;
}

void memory_alive(struct memory_buffer *b, size_t size, size_t time)
{
    if (b->size == 0)
        *b = (struct memory_buffer){.size = size, .first = time, .last = time};
    b->first = time < b->first ? time : b->first;
    b->last = time > b->last ? time : b->last;
}

static int larger_first(const void *a, const void *b)
{
    const struct memory_buffer *x = *(struct memory_buffer *const *)a, *y = *(struct memory_buffer *const *)b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int lower_first(const void *a, const void *b)
{
    const struct memory_buffer *x = *(struct memory_buffer *const *)a, *y = *(struct memory_buffer *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The smallest gap that fits b among the placed buffers (sorted by offset) that live when it does. */
static size_t best_gap(const struct memory_buffer *b, struct memory_buffer *const *placed, size_t n)
{
    size_t best = SIZE_MAX, best_size = SIZE_MAX, end = 0;
    for (size_t i = 0; i < n; i++) {
        const struct memory_buffer *p = placed[i];
        if (p->last < b->first || b->last < p->first)
            continue;
        if (p->offset >= end + rounded(b->size) && p->offset - end < best_size) {
            best = end;
            best_size = p->offset - end;
        }
        if (p->offset + rounded(p->size) > end)
            end = p->offset + rounded(p->size);
    }
    return best == SIZE_MAX ? end : best;
}

size_t memory_plan(struct memory_buffer *buffer, size_t n)
{
    struct memory_buffer **order = xmalloc(n, sizeof *order), **placed = xmalloc(n, sizeof *placed);
    size_t arena = 0;
    for (size_t i = 0; i < n; i++)
        order[i] = &buffer[i];
    qsort(order, n, sizeof *order, larger_first);
    for (size_t i = 0; i < n && order[i]->size; i++) {
        order[i]->offset = best_gap(order[i], placed, i);
        placed[i] = order[i];
        qsort(placed, i + 1, sizeof *placed, lower_first);
        if (order[i]->offset + rounded(order[i]->size) > arena)
            arena = order[i]->offset + rounded(order[i]->size);
    }
    free(order);
    free(placed);
    return arena;
}
