/* A line of items made in parallel and handed over in order: nobody waits for a batch, memory stays bounded.
 */
#ifndef DATASET_AHEAD_H
#define DATASET_AHEAD_H
#include <stddef.h>

struct ahead {
    size_t n;      /* items */
    size_t window; /* slots: items made and not yet taken are never more */
    /* Makes item i into a slot (< window) that is free. On any thread, several at once, in any order. */
    void (*make)(void *arg, size_t i, size_t slot);
    /* Takes item i out of its slot. On any thread, one at a time, i = 0, 1, ... n-1, as soon as it is i's
     * turn. */
    void (*take)(void *arg, size_t i, size_t slot);
    void *arg;
};

/* Returns when all items are taken. With one thread every item is taken before the next is made. */
void ahead_run(const struct ahead *a);
#endif
