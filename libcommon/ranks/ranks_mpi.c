/* ranks.h by MPI. A thread of its own makes every call of MPI, so that messages travel while the caller computes (MPI moves
 * nothing unless it is called) and no more than MPI_THREAD_FUNNELED is asked for:
 *
 *   1  ranks_begin starts the thread, which calls MPI_Init_thread; from then on it takes jobs (job.h) from a list, and sleeps
 *      while nothing moves.
 *   2  Each rank sends a word to the next one every so often. One that hears nothing says so, and ends; mpirun ends the others.
 *   3  die() on a rank comes here through err_hook: the line gets the rank's number, the next rank gets a word of farewell, and
 *      the process ends without MPI_Finalize, which mpirun takes as the end of all.
 *   4  ranks_end says farewell too, waits for the one before, and calls MPI_Finalize. */
#include "ranks/ranks.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signals.h"
#include "ranks/job.h"
#include "ranks/narrow.h"
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* Seconds between words, and without one until a rank is given up. When a rank has died, mpirun sends the others SIGCONT, and
 * ends them a second later: for that second haste takes patience's place. */
#define WORD_EVERY 0.1
#define PATIENCE 10.0
#define HASTE 0.6
#define HURRY 2.0
enum { WORD_TAG = 32767, ALIVE = 0, FAREWELL = 1 };
/* Nanoseconds of sleep between looks: just after something came or was begun, while something is on its way, and while nothing
 * is. A look takes some ten microseconds of a core that computes. */
enum { BRISK_SLEEP = 30000, BUSY_SLEEP = 250000, IDLE_SLEEP = 5000000 };
/* Seconds for which a job that did a step keeps looks brisk; between looks for words. */
#define BRISK 0.001
#define WATCH_EVERY 0.02

static size_t size = 1, mine = 0;
static volatile sig_atomic_t continued = 0;

/* What the caller and the thread share. */
static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct job **job; /* under way */
    size_t jobs, capacity;
    bool ready, leave, left,
        finish; /* MPI is there; farewell is to be said, is said; and MPI_Finalize called */
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
static size_t number = 0; /* of the next sum */

/* The thread's own. */
static struct {
    char heard, said;
    MPI_Request from, to;
    double last_heard, last_said, last_watch, last_step;
    double hasty_until, since_error; /* the clock while there was no error */
    bool farewell;                   /* from the one before */
} watch = {.from = MPI_REQUEST_NULL, .to = MPI_REQUEST_NULL};

size_t ranks_size(void)
{
    return size;
}

size_t ranks_mine(void)
{
    return mine;
}

static void nap(long nanoseconds)
{
    nanosleep(&(struct timespec){0, nanoseconds}, NULL);
}

static int before(void)
{
    return (int)((mine + size - 1) % size);
}

static void listen_for_word(void)
{
    MPI_Irecv(&watch.heard, 1, MPI_CHAR, before(), WORD_TAG, MPI_COMM_WORLD, &watch.from);
}

static void say_word(char word, double now)
{
    int done = 0;
    MPI_Test(&watch.to, &done, MPI_STATUS_IGNORE);
    if (!done)
        return;
    watch.said = word;
    watch.last_said = now;
    MPI_Isend(&watch.said, 1, MPI_CHAR, (int)((mine + 1) % size), WORD_TAG, MPI_COMM_WORLD, &watch.to);
}

static void hear_words(double now)
{
    int done = 0;
    while (!watch.farewell) {
        MPI_Test(&watch.from, &done, MPI_STATUS_IGNORE);
        if (!done)
            return;
        watch.last_heard = now;
        watch.farewell = watch.heard == FAREWELL;
        if (!watch.farewell)
            listen_for_word();
    }
}

static void farewell(void)
{
    MPI_Wait(&watch.to, MPI_STATUS_IGNORE);
    say_word(FAREWELL, progress_clock());
    MPI_Wait(&watch.to, MPI_STATUS_IGNORE);
}

/* Straight out: the caller waits for what will never come. */
static _Noreturn void give_up(const char *reason)
{
    fprintf(stderr, "%s: %s\n", err_tool(), reason);
    farewell();
    exit(EXIT_FAILED);
}

static void mind_silence(double now)
{
    char reason[1200];
    const double silence = now - watch.last_heard;
    snprintf(reason, sizeof reason, "rank %d has died, or can't be reached: no word of it for %.1f s",
             before(), silence);
    if (!watch.farewell && silence > (now < watch.hasty_until ? HASTE : PATIENCE))
        give_up(reason);
    snprintf(reason, sizeof reason, "rank %zu can't reach another: %s", mine, job_error());
    if (now - watch.since_error > PATIENCE)
        give_up(reason);
}

/* After SIGCONT, which also comes to those who were stopped, words are counted anew. */
static void keep_watch(void)
{
    const double now = progress_clock();
    hear_words(now);
    if (continued) {
        continued = 0;
        watch.last_heard = now;
        watch.hasty_until = now + HURRY;
    }
    if (!*job_error())
        watch.since_error = now;
    mind_silence(now);
}

static void start_mpi(void)
{
    int provided, n, r;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    MPI_Comm_rank(MPI_COMM_WORLD, &r);
    watch.last_heard = watch.since_error = progress_clock();
    pthread_mutex_lock(&shared.lock);
    size = (size_t)n;
    mine = (size_t)r;
    shared.ready = true;
    pthread_cond_broadcast(&shared.change);
    pthread_mutex_unlock(&shared.lock);
    if (provided < MPI_THREAD_FUNNELED)
        die("this MPI can't be called from a thread");
    listen_for_word();
}

static void say_farewell(void)
{
    farewell();
    pthread_mutex_lock(&shared.lock);
    shared.left = true;
    pthread_cond_broadcast(&shared.change);
    pthread_mutex_unlock(&shared.lock);
}

/* Advances all jobs once; with the lock. */
static void advance_jobs(void)
{
    for (size_t i = 0; i < shared.jobs;) {
        struct job *j = shared.job[i];
        pthread_mutex_unlock(&shared.lock);
        const enum job_state state = job_advance(j);
        if (state != JOB_WAITS)
            watch.last_step = progress_clock();
        pthread_mutex_lock(&shared.lock);
        if (state != JOB_DONE) {
            i++;
            continue;
        }
        job_free(j);
        memmove(shared.job + i, shared.job + i + 1, (shared.jobs - i - 1) * sizeof *shared.job);
        shared.jobs--;
        pthread_cond_broadcast(&shared.change);
    }
}

/* Until something is to be done, or a moment has passed. With the lock. */
static void rest(void)
{
    struct timespec until;
    if (shared.jobs) {
        pthread_mutex_unlock(&shared.lock);
        nap(progress_clock() - watch.last_step < BRISK ? BRISK_SLEEP : BUSY_SLEEP);
        pthread_mutex_lock(&shared.lock);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += IDLE_SLEEP;
    if (until.tv_nsec >= 1000000000)
        until.tv_nsec -= 1000000000, until.tv_sec++;
    pthread_cond_timedwait(&shared.change, &shared.lock, &until);
}

/* With the lock, until this rank leaves. */
static void work(void)
{
    while (!shared.leave) {
        advance_jobs();
        rest();
        const double now = progress_clock();
        if (now - watch.last_watch < WATCH_EVERY)
            continue;
        watch.last_watch = now;
        pthread_mutex_unlock(&shared.lock);
        keep_watch();
        if (now - watch.last_said >= WORD_EVERY)
            say_word(ALIVE, now);
        pthread_mutex_lock(&shared.lock);
    }
}

static void *talk(void *arg)
{
    (void)arg;
    prctl(PR_SET_TIMERSLACK, 1000UL); /* naps are as short as they are said to be */
    start_mpi();
    pthread_mutex_lock(&shared.lock);
    work();
    const bool finish = shared.finish;
    pthread_mutex_unlock(&shared.lock);
    say_farewell();
    while (finish && !watch.farewell) {
        keep_watch();
        nap(IDLE_SLEEP);
    }
    if (finish)
        MPI_Finalize();
    return NULL;
}

/* The thread makes no call of MPI but this any more, once it has been said; after a second it is too late. */
void ranks_leave(void)
{
    if (size == 1 || pthread_equal(pthread_self(), shared.thread))
        return;
    const double start = progress_clock();
    pthread_mutex_lock(&shared.lock);
    shared.leave = true;
    while (!shared.left && progress_clock() - start < 1) {
        pthread_mutex_unlock(&shared.lock);
        nap(IDLE_SLEEP);
        pthread_mutex_lock(&shared.lock);
    }
    pthread_mutex_unlock(&shared.lock);
}

/* "tool: reason" becomes "tool: rank 3: reason". */
static void die_as_rank(int status, const char *line)
{
    const size_t name = strlen(err_tool()) + 2;
    fprintf(stderr, "%s: rank %zu: %s\n", err_tool(), mine, line + name);
    ranks_leave();
    exit(status);
}

void ranks_let_first_speak(void)
{
    if (mine == 0)
        return;
    ranks_leave();
    sleep(5);
    exit(EXIT_FAILED);
}

/* A program that mpirun or its like did not start is one rank, and needs no MPI. */
static bool one_of_many(void)
{
    const char *told = getenv("OMPI_COMM_WORLD_SIZE");
    return told ? strtoul(told, NULL, 10) > 1 : getenv("PMIX_RANK") || getenv("PMI_RANK");
}

static void start_thread(void)
{
    sigset_t held;
    signals_hold_for_threads(&held);
    const int failed = pthread_create(&shared.thread, NULL, talk, NULL);
    signals_release(&held);
    if (failed)
        die("can't start a thread:");
    pthread_mutex_lock(&shared.lock);
    while (!shared.ready)
        pthread_cond_wait(&shared.change, &shared.lock);
    pthread_mutex_unlock(&shared.lock);
}

static void on_continue(int sig)
{
    continued = sig;
}

void ranks_begin(void)
{
    const struct sigaction mark = {.sa_handler = on_continue, .sa_flags = SA_RESTART};
    if (!one_of_many())
        return;
    sigaction(SIGCONT, &mark, NULL);
    start_thread();
    err_hook = die_as_rank;
    if (mine > 0)
        err_verbosity = -1;
    if ((size & (size - 1)) != 0 && mine == 0)
        die("%zu ranks: they must be 2, 4, 8, ...", size);
    if ((size & (size - 1)) != 0)
        ranks_let_first_speak();
}

void ranks_end(void)
{
    if (!shared.ready)
        return;
    pthread_mutex_lock(&shared.lock);
    shared.finish = shared.leave = true;
    pthread_cond_broadcast(&shared.change);
    pthread_mutex_unlock(&shared.lock);
    pthread_join(shared.thread, NULL);
    err_hook = NULL;
}

static void begin(struct job *j)
{
    pthread_mutex_lock(&shared.lock);
    shared.job = xgrow(shared.job, shared.jobs, &shared.capacity, sizeof *shared.job);
    shared.job[shared.jobs++] = j;
    pthread_cond_broadcast(&shared.change);
    pthread_mutex_unlock(&shared.lock);
}

void ranks_sum_start(void *x, size_t n, enum dtype type, bool narrow)
{
    if (size > 1)
        begin(job_sum(x, n, type, narrow, number++));
    else if (narrow)
        narrow_round(x, n);
}

void ranks_sum_finish(void)
{
    pthread_mutex_lock(&shared.lock);
    while (shared.jobs)
        pthread_cond_wait(&shared.change, &shared.lock);
    pthread_mutex_unlock(&shared.lock);
}

void ranks_copy(void *data, size_t bytes)
{
    if (size > 1)
        begin(job_copy(data, bytes));
    ranks_sum_finish();
}

void ranks_agree(const char *what, const char *text)
{
    char first[1000];
    snprintf(first, sizeof first, "%s", text);
    ranks_copy(first, sizeof first);
    if (strncmp(first, text, sizeof first - 1) != 0)
        die("%s is not that of rank 0: '%s', not '%s'", what, text, first);
}
