/* train/loop with a training of two numbers, in processes of its own: checkpoints, resuming, signals, journal, losses that
 * are not finite, and what is put back at the end. */
#include "train/loop.h"
#include "base/err.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/tensor.h"
#include "stream/safetensors.h"
#include "stream/table.h"
#include "tap.h"
#include "train/checkpoint.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS = 60 };
#define NEVER UINT64_MAX

/* A walk: every step depends on all that came before it, to the last bit. */
struct walk {
    double x;
    float momentum[3];
    uint64_t place; /* a word of the checkpoint */
    /* The step that raises `sig`; has no finite loss; breaks the state; finds no input. NEVER: none does. */
    uint64_t stop_at, nan_at, break_at, wait;
    int sig;
};

static bool walk_step(void *arg, uint64_t step, struct loop_report *r)
{
    struct walk *w = arg;
    struct rng random = rng_new(3, step);
    if (step == w->stop_at)
        raise(w->sig);
    if (step == w->wait && *loop_signal())
        return false;
    for (size_t i = 0; i < 3; i++)
        w->momentum[i] = 0.9f * w->momentum[i] + (float)(rng_normal(&random) - 0.1 * w->x);
    w->x += 0.1 * (double)w->momentum[step % 3];
    w->place = 7 * step + 5;
    if (step == w->break_at)
        w->momentum[1] = INFINITY;
    *r = (struct loop_report){
        .loss = step == w->nan_at ? NAN : w->x * w->x, .measure = 2, .images = 4, .samples = 4 * (step + 1)};
    return true;
}

static void walk_save(void *arg, struct note *state)
{
    const struct walk *w = arg;
    note_setf(state, "place", "%llu", (unsigned long long)w->place);
}

static struct walk fresh(void)
{
    return (struct walk){
        .x = 1, .break_at = NEVER, .stop_at = NEVER, .nan_at = NEVER, .wait = NEVER, .sig = SIGTERM};
}

static struct loop_options plain(void)
{
    return (struct loop_options){.checkpoint = "walk", .minutes = 10, .log_every = 7};
}

/* The whole of a training; what it came to is written to "result". */
static void train(struct walk w, const struct loop_options *o)
{
    struct loop *l = loop_new(o);
    const struct loop_task task = {
        .recipe = "a walk", .measure = "half", .step = walk_step, .save = walk_save, .arg = &w};
    loop_part(l, "x", DT_F64, &w.x, 1);
    loop_part(l, "momentum", DT_F32, w.momentum, 3);
    const struct note *state = loop_resume(l, &task);
    if (state)
        w.place = checkpoint_count(o->checkpoint, state, "place");
    loop_run(l, STEPS);
    FILE *f = fopen("result", "wb");
    fprintf(f, "%a %a %a %a %llu\n", w.x, (double)w.momentum[0], (double)w.momentum[1], (double)w.momentum[2],
            (unsigned long long)w.place);
    fclose(f);
    loop_end(l);
}

/* The same in a process of its own, its messages in "errors"; the status of waitpid. */
static int train_apart(struct walk w, const struct loop_options *o)
{
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen("errors", "w", stderr) || setvbuf(stderr, NULL, _IONBF, 0))
            _exit(9);
        train(w, o);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

static bool exited(int status, int with)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == with;
}

static bool holds(const char *file, const char *text)
{
    unsigned char *data;
    size_t n;
    struct err e;
    if (!file_slurp(file, 1 << 20, &data, &n, &e))
        return false;
    const bool found = strstr((char *)data, text) != NULL;
    free(data);
    return found;
}

static bool is_there(const char *file)
{
    return access(file, F_OK) == 0;
}

static char *wanted; /* "result" of a training that nothing interrupts */

static void uninterrupted(void)
{
    const struct loop_options o = plain();
    size_t n;
    struct err e;
    ok(exited(train_apart(fresh(), &o), 0) && !is_there("walk"), "60 steps; the checkpoint is gone");
    if (!file_slurp("result", 1 << 20, (unsigned char **)&wanted, &n, &e))
        exit(1);
    unlink("result");
}

static void signals(void)
{
    const int kinds[3] = {SIGTERM, SIGINT, SIGKILL};
    for (int i = 0; i < 3; i++) {
        struct loop_options o = plain();
        struct walk w = fresh();
        w.stop_at = 23;
        w.sig = kinds[i];
        o.every = kinds[i] == SIGKILL ? 4 : 0;
        const int status = train_apart(w, &o);
        ok(WIFSIGNALED(status) && WTERMSIG(status) == kinds[i] && is_there("walk") && !is_there("result"),
           "signal %d: a checkpoint, then death by it", kinds[i]);
        o.resume = true;
        ok(exited(train_apart(fresh(), &o), 0) && holds("result", wanted) && !is_there("walk"),
           "resumed: the same bits");
        unlink("result");
    }
}

/* Input that doesn't come: the step is not done, and a checkpoint that was there stays as it is. */
static void waiting(void)
{
    struct loop_options o = plain();
    struct walk w = fresh();
    w.stop_at = w.wait = 0;
    int status = train_apart(w, &o);
    ok(WIFSIGNALED(status) && !is_there("walk"), "stopped before the first step: there is nothing to keep");
    w.stop_at = w.wait = 9;
    status = train_apart(w, &o);
    ok(WIFSIGNALED(status) && is_there("walk"), "stopped while it waits for step 10");
    o.resume = true;
    status = train_apart(w, &o);
    struct safetensors st = {0};
    safetensors_open(&st, "walk");
    ok(WIFSIGNALED(status) && strcmp(note_get(&st.meta, "step"), "9") == 0,
       "and again: the checkpoint is of step 9");
    safetensors_free(&st);
    ok(exited(train_apart(fresh(), &o), 0) && holds("result", wanted), "resumed: the same bits");
    unlink("result");
}

static void refusals(void)
{
    struct loop_options o = plain();
    FILE *f = fopen("walk", "w");
    fputs("hours of work", f);
    fclose(f);
    ok(exited(train_apart(fresh(), &o), 2) && holds("walk", "hours of work") &&
           holds("errors", "--resume goes on with it; remove it"),
       "a checkpoint is there and nobody said --resume: exit 2, it stays");
    o.resume = true;
    ok(exited(train_apart(fresh(), &o), 1) && holds("walk", "hours of work") && !is_there("result"),
       "with --resume: it is none, and stays");
    unlink("walk");
    ok(exited(train_apart(fresh(), &o), 0), "--resume without a checkpoint: begins anew");
    unlink("result");
    o = plain();
    o.checkpoint = "no/such/folder/walk";
    ok(exited(train_apart(fresh(), &o), 1) && holds("errors", "no/such/folder/walk: No such file") &&
           !is_there("result"),
       "a checkpoint that can't be written is told before the first step");
    o.checkpoint = "/dev/null";
    ok(exited(train_apart(fresh(), &o), 1) && holds("errors", "/dev/null: is no regular file"),
       "a device is no checkpoint");
    o = plain();
    o.log = ".";
    struct walk w = fresh();
    w.stop_at = 0;
    w.sig = SIGKILL; /* the first step would kill */
    ok(exited(train_apart(w, &o), 1) && holds("errors", ".: Is a directory"), "so is a log");
}

static void not_finite(void)
{
    struct loop_options o = plain();
    struct walk w = fresh();
    w.nan_at = 20;
    ok(exited(train_apart(w, &o), 1) && holds("errors", "not finite in step 21; there is no checkpoint yet"),
       "a loss that is not finite names its step");
    o.every = 6;
    ok(exited(train_apart(w, &o), 1) && holds("errors", "the last checkpoint is kept: walk"),
       "and the checkpoint");
    o.resume = true;
    ok(exited(train_apart(fresh(), &o), 0) && holds("result", wanted),
       "which goes on as if nothing had been");
    unlink("result");
}

/* Rows of the log, and its cell in row r and column c. */
static size_t rows(size_t r, size_t c, char cell[40])
{
    struct table t = {0};
    table_read(&t, "log");
    const size_t n = t.rows;
    snprintf(cell, 40, "%s", r < n && c < t.columns ? t.cell[r][c] : "");
    table_free(&t);
    return n;
}

/* A loss that says nothing of a state that is broken. */
static void broken(void)
{
    struct loop_options o = plain();
    struct walk w = fresh();
    w.break_at = 20;
    w.nan_at = 22;
    o.every = 1;
    ok(exited(train_apart(w, &o), 1) && holds("errors", "not finite in step 23; the last checkpoint is kept"),
       "a state that is not finite is not saved");
    o.resume = true;
    ok(exited(train_apart(fresh(), &o), 0) && holds("result", wanted),
       "the checkpoint, which is older, goes on as if nothing had been");
    unlink("result");
}

static void journal(void)
{
    struct loop_options o = plain();
    struct walk w = fresh();
    char cell[40];
    o.log = "log";
    o.log_every = 1000;
    train_apart(fresh(), &o);
    ok(rows(0, 0, cell) == 1 && strcmp(cell, "60") == 0, "a log of fewer steps than a row has: a row");
    rows(0, 1, cell);
    ok(strcmp(cell, "240") == 0, "240 samples");
    rows(0, 3, cell);
    ok(strcmp(cell, "0.5") == 0, "the measure is a mean over images");
    o.log_every = 7;
    w.stop_at = 29; /* after step 30 */
    train_apart(w, &o);
    ok(rows(4, 0, cell) == 5 && strcmp(cell, "30") == 0, "interrupted: the row under way is written");
    o.resume = true;
    train_apart(fresh(), &o);
    ok(rows(5, 0, cell) == 10 && strcmp(cell, "35") == 0, "resumed: rows go on");
    unlink("log"), unlink("result");
}

static int hooked;
static void hook(int status, const char *line)
{
    (void)status, (void)line;
    hooked++;
}

static void handler(int sig)
{
    (void)sig;
    hooked += 10;
}

static void put_back(void)
{
    const struct loop_options o = plain();
    struct sigaction after;
    err_hook = hook;
    signal(SIGTERM, handler);
    signal(SIGINT, SIG_IGN);
    train(fresh(), &o);
    sigaction(SIGTERM, NULL, &after);
    ok(err_hook == hook && after.sa_handler == handler, "hook and handler are put back");
    struct walk w = fresh();
    w.stop_at = 5;
    w.sig = SIGINT;
    ok(exited(train_apart(w, &o), 0) && holds("result", wanted), "a signal that was ignored stays so");
    err_hook = NULL;
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    unlink("result");
}

int main(void)
{
    signal(SIGINT, SIG_DFL); /* a shell ignores it for what runs in the background */
    signal(SIGTERM, SIG_DFL);
    char folder[] = "/tmp/loop.XXXXXX";
    err_init("loop");
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    uninterrupted();
    signals();
    waiting();
    refusals();
    not_finite();
    broken();
    journal();
    put_back();
    free(wanted);
    unlink("errors");
    rmdir(folder);
    return done();
}
