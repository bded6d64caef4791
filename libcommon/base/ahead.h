/* A line of items that are made in parallel and handed over in order: each leaves as soon as it and all before it are made,
 * nobody waits for a batch, memory stays bounded. */
#ifndef BASE_AHEAD_H
#define BASE_AHEAD_H
#include <stddef.h>

struct ahead {
    size_t n;      /* items */
    size_t window; /* slots: items begun and not yet taken are never more */
    /* Begins item i in a slot (< window) that is free. One at a time, i = 0, 1, ... n-1: for what must happen in order,
     * and is short. NULL: nothing must. */
    void (*begin)(void *arg, size_t i, size_t slot);
    /* Makes item i in its slot. Several at once, in any order; `worker` < pool_size() tells them apart. */
    void (*make)(void *arg, size_t i, size_t slot, size_t worker);
    /* Takes item i out of its slot. On any thread, one at a time, i = 0, 1, ... n-1, as soon as it is i's turn. */
    void (*take)(void *arg, size_t i, size_t slot);
    void *arg;
};

/* Returns when all items are taken. With one thread every item is taken before the next is begun. */
void ahead_run(const struct ahead *a);
#endif
