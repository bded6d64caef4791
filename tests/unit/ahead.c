/* base/ahead: in order, each once, within the window, and nobody waits for a batch. */
#include "base/ahead.h"
#include "base/thread.h"
#include "tap.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { ITEMS = 60, WINDOW = 6, THREADS = 3 };

/* What happened to the items so far. */
struct record {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t begun, made, taken, most; /* most: items begun and not yet taken, at any time */
    size_t in_slot[WINDOW];          /* the item that is made there, plus one; 0: none */
    bool is_made[ITEMS];
    bool order, ready, slots, workers, alone, patient;
    bool taking, wait;
};

static void begin(void *arg, size_t i, size_t slot)
{
    struct record *r = arg;
    pthread_mutex_lock(&r->lock);
    r->order &= i == r->begun++;
    r->slots &= slot < WINDOW && r->in_slot[slot] == 0;
    r->in_slot[slot] = i + 1;
    r->most = r->begun - r->taken > r->most ? r->begun - r->taken : r->most;
    pthread_mutex_unlock(&r->lock);
}

/* With `wait`, item i isn't made until item i - 2 has been taken, which a line of batches would never see. */
static void make(void *arg, size_t i, size_t slot, size_t worker)
{
    struct record *r = arg;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 2;
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    pthread_mutex_lock(&r->lock);
    r->slots &= r->in_slot[slot] == i + 1;
    r->workers &= worker < pool_size();
    while (r->wait && r->patient && i >= 2 && r->taken < i - 1)
        if (pthread_cond_timedwait(&r->changed, &r->lock, &end))
            r->patient = false;
    r->made++;
    r->is_made[i] = true;
    pthread_mutex_unlock(&r->lock);
}

static void take(void *arg, size_t i, size_t slot)
{
    struct record *r = arg;
    pthread_mutex_lock(&r->lock);
    r->alone &= !r->taking;
    r->taking = true;
    r->order &= i == r->taken;
    r->ready &= r->is_made[i];
    r->slots &= r->in_slot[slot] == i + 1;
    pthread_mutex_unlock(&r->lock);
    nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    pthread_mutex_lock(&r->lock);
    r->taking = false;
    r->in_slot[slot] = 0;
    r->taken++;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void line(size_t n, bool wait, const char *name)
{
    struct record r = {.lock = PTHREAD_MUTEX_INITIALIZER,
                       .changed = PTHREAD_COND_INITIALIZER,
                       .order = true,
                       .ready = true,
                       .slots = true,
                       .workers = true,
                       .alone = true,
                       .patient = true,
                       .wait = wait};
    ahead_run(&(struct ahead){n, WINDOW, begin, make, take, &r});
    ok(r.begun == n && r.made == n && r.taken == n, "%s: each begun, made and taken once", name);
    ok(r.order && r.ready, "%s: begun and taken in order, when made", name);
    ok(r.alone && r.workers, "%s: taken one at a time, workers below the pool's size", name);
    ok(r.slots && r.most <= WINDOW, "%s: a slot for each item, none too many", name);
    ok(r.patient, "%s: an item leaves as soon as it is made", name);
}

int main(void)
{
    pool_start(THREADS);
    line(ITEMS, false, "sixty");
    line(ITEMS, true, "sixty that wait for one another");
    line(1, false, "one");
    line(0, false, "none");
    return done();
}
