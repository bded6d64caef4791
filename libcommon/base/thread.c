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

/* The call under way. Written under the lock, before the workers of its generation wake. A worker that comes when it is over has no
 * part in it, so nobody waits for who is slow to wake. */
static struct {
    void (*fn)(void *, size_t, size_t);
    void *arg;
    size_t tasks;
    bool open;
    atomic_size_t next;
    atomic_size_t busy; /* workers that have a part in it */
    atomic_ulong generation;
} call;

/* Calls follow each other within microseconds, and to sleep and be woken takes a few dozen of them: who waits looks this often first.
 * Not where threads share processors: there it would keep others from working. */
enum { LOOKS = 2000 };
static size_t looks = 0;

static void look_away(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

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
    for (;;) {
        for (size_t i = 0; i < looks && atomic_load(&call.generation) == seen; i++)
            look_away();
        pthread_mutex_lock(&lock);
        while (atomic_load(&call.generation) == seen)
            pthread_cond_wait(&work_comes, &lock);
        seen = atomic_load(&call.generation);
        const bool open = call.open;
        if (open)
            atomic_fetch_add(&call.busy, 1);
        pthread_mutex_unlock(&lock);
        if (!open)
            continue;
        take_tasks();
        pthread_mutex_lock(&lock);
        if (atomic_fetch_sub(&call.busy, 1) == 1)
            pthread_cond_signal(&work_ends);
        pthread_mutex_unlock(&lock);
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
    looks = n <= processors() ? LOOKS : 0;
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
    call.open = true;
    atomic_fetch_add(&call.generation, 1);
    pthread_cond_broadcast(&work_comes);
    pthread_mutex_unlock(&lock);
    take_tasks();
    for (size_t i = 0; i < looks && atomic_load(&call.busy); i++)
        look_away();
    pthread_mutex_lock(&lock);
    call.open = false;
    while (atomic_load(&call.busy))
        pthread_cond_wait(&work_ends, &lock);
    pthread_mutex_unlock(&lock);
    pthread_mutex_unlock(&turn);
}
