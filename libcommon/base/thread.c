#include "base/thread.h"
#include "base/err.h"
#include "base/signals.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

static size_t wanted = 0, size = 0;
static pthread_t thread[POOL_MAX];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* held through a call: there is one at a time */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_comes = PTHREAD_COND_INITIALIZER;
static pthread_cond_t work_ends = PTHREAD_COND_INITIALIZER;

/* The call under way. Written under the lock, before the workers of its generation wake. */
static struct {
    void (*fn)(void *, size_t, size_t);
    void *arg;
    size_t tasks;
    atomic_size_t next;
    size_t busy;
    unsigned long generation;
} call;

static _Thread_local bool inside = false;
static _Thread_local size_t self = 0;

static size_t processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set))
        return 1;
    return (size_t)CPU_COUNT(&set);
}

static void take_tasks(void)
{
    size_t i;
    inside = true;
    while ((i = atomic_fetch_add(&call.next, 1)) < call.tasks)
        call.fn(call.arg, i, self);
    inside = false;
}

static void *worker(void *number)
{
    unsigned long seen = 0;
    self = (size_t)number;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (call.generation == seen)
            pthread_cond_wait(&work_comes, &lock);
        seen = call.generation;
        pthread_mutex_unlock(&lock);
        take_tasks();
        pthread_mutex_lock(&lock);
        if (--call.busy == 0)
            pthread_cond_signal(&work_ends);
    }
    return NULL;
}

void pool_start(size_t threads)
{
    if (size == 0)
        wanted = threads;
}

static void start_workers(void)
{
    size_t n = wanted ? wanted : processors();
    if (n > POOL_MAX)
        n = POOL_MAX;
    size = 1;
    sigset_t before;
    signals_hold_for_threads(&before); /* workers get none */
    while (size < n && pthread_create(&thread[size], NULL, worker, (void *)size) == 0)
        size++;
    signals_release(&before);
    if (size < n)
        warning("%zu threads asked for, %zu started", n, size);
}

size_t pool_size(void)
{
    static pthread_once_t started = PTHREAD_ONCE_INIT;
    pthread_once(&started, start_workers);
    return size;
}

void pool_run(size_t tasks, void (*fn)(void *arg, size_t task, size_t worker), void *arg)
{
    if (inside || tasks == 1 || pool_size() == 1) {
        bool was = inside;
        inside = true;
        for (size_t i = 0; i < tasks; i++)
            fn(arg, i, self);
        inside = was;
        return;
    }
    pthread_mutex_lock(&turn);
    pthread_mutex_lock(&lock);
    call.fn = fn;
    call.arg = arg;
    call.tasks = tasks;
    atomic_store(&call.next, 0);
    call.busy = size - 1;
    call.generation++;
    pthread_cond_broadcast(&work_comes);
    pthread_mutex_unlock(&lock);
    take_tasks();
    pthread_mutex_lock(&lock);
    while (call.busy)
        pthread_cond_wait(&work_ends, &lock);
    pthread_mutex_unlock(&lock);
    pthread_mutex_unlock(&turn);
}
