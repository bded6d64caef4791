#include "base/ahead.h"
#include "base/mem.h"
#include "base/thread.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct line {
    const struct ahead *a;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t begun, taken; /* items; taken <= begun <= taken + window */
    bool taking;         /* somebody is */
    bool *ready;         /* a flag for each slot */
};

static void take_next(struct line *l)
{
    size_t i = l->taken, slot = i % l->a->window;
    l->taking = true;
    pthread_mutex_unlock(&l->lock);
    l->a->take(l->a->arg, i, slot);
    pthread_mutex_lock(&l->lock);
    l->ready[slot] = l->taking = false;
    l->taken++;
    pthread_cond_broadcast(&l->changed);
}

static void make_next(struct line *l, size_t worker)
{
    size_t i = l->begun++, slot = i % l->a->window;
    if (l->a->begin)
        l->a->begin(l->a->arg, i, slot); /* under the lock, so in order */
    pthread_mutex_unlock(&l->lock);
    l->a->make(l->a->arg, i, slot, worker);
    pthread_mutex_lock(&l->lock);
    l->ready[slot] = true;
    pthread_cond_broadcast(&l->changed);
}

/* Every thread does whatever is to be done next; taking goes first, as somebody downstream waits for it. */
static void work(void *arg, size_t task, size_t worker)
{
    struct line *l = arg;
    (void)task;
    pthread_mutex_lock(&l->lock);
    while (l->taken < l->a->n)
        if (!l->taking && l->taken < l->begun && l->ready[l->taken % l->a->window])
            take_next(l);
        else if (l->begun < l->a->n && l->begun < l->taken + l->a->window)
            make_next(l, worker);
        else
            pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

void ahead_run(const struct ahead *a)
{
    struct line l = {.a = a, .ready = xcalloc(a->window, sizeof *l.ready)};
    pthread_mutex_init(&l.lock, NULL);
    pthread_cond_init(&l.changed, NULL);
    pool_run(pool_size(), work, &l);
    pthread_cond_destroy(&l.changed);
    pthread_mutex_destroy(&l.lock);
    free(l.ready);
}
