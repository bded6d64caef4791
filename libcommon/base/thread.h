/* A small thread pool. Workers sleep between calls (several tools share one pipe, so nobody spins). One pool
 * for a process; the caller is worker 0. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H
#include <stddef.h>

enum { POOL_MAX = 256 };

/* Chooses the number of threads; 0: as many as processors that this process may use. Only before the first
 * pool_run. */
void pool_start(size_t threads);
/* The number of workers; worker numbers are below it. */
size_t pool_size(void);

/* Runs fn(arg, task, worker) for every task in [0, tasks), in any order, and returns when all are done. Results must not depend on
 * worker: it only picks a workspace. From inside a task it runs serially, with the worker of that task. Several threads may call it:
 * one waits until the other's call is done, so a thread of its own that reads ahead (train/feed.c) may use the pool too. */
void pool_run(size_t tasks, void (*fn)(void *arg, size_t task, size_t worker), void *arg);
#endif
