/* A step, from the signal's and the disk's point of view:
 *
 *   1  loop_run puts its own handlers and its own err_hook in place, so that a signal only leaves a mark.
 *   2  task.step takes one step: values, moments, statistics change in place, in the arrays that loop_part named.
 *   3  Its loss is looked at. Not finite: nothing is saved any more, so the checkpoint holds the last good state. (A state
 *      that is not finite is not saved either, though its loss was.)
 *   4  The journal adds the step to the row under way and to the line on the terminal.
 *   5  With a mark: the parts go into the checkpoint, the handlers back, and the signal is raised again; whoever had it
 *      before (product.c removes temporary files) has it now.
 *   6  Without: the parts go into the checkpoint when `every` steps or so many minutes have passed.
 *   7  After the last step handlers and hook are put back; the checkpoint stays until loop_end says that its fruit is safe. */
#include "train/loop.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/product.h"
#include "ranks/ranks.h"
#include "train/journal.h"
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIGNALS = 2 };
static const int signals[SIGNALS] = {SIGTERM, SIGINT};

struct loop {
    struct loop_options o;
    struct loop_task task;
    struct checkpoint_parts parts;
    struct note state; /* the checkpoint that was read */
    struct journal journal;
    uint64_t step, first;           /* steps done; before this run */
    double before, last_checkpoint; /* seconds that earlier runs spent; the clock */
    bool over;                      /* the task ended it */
    struct sigaction old[SIGNALS];
};

static volatile sig_atomic_t told_to_stop = 0;
static void (*old_hook)(int status, const char *line); /* err_hook as it was before the loop */

const volatile sig_atomic_t *loop_signal(void)
{
    return &told_to_stop;
}

static void on_signal(int sig)
{
    told_to_stop = sig;
}

/* The stream upstream may be cut by the same Ctrl-C that stops us: then its reader must not end the process before the
 * checkpoint is written. */
static void hold_reader(int status, const char *line)
{
    while (told_to_stop)
        pause();
    if (old_hook)
        old_hook(status, line);
}

/* Signals that were ignored (nohup) stay so. */
static void take_signals(struct loop *l)
{
    const struct sigaction mine = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    told_to_stop = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        if (sigaction(signals[i], NULL, &l->old[i]) == 0 && l->old[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &mine, NULL);
    old_hook = err_hook;
    err_hook = hold_reader;
}

static void put_back_signals(const struct loop *l)
{
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &l->old[i], NULL);
    err_hook = old_hook;
}

static bool is_there(const char *path)
{
    return path && access(path, F_OK) == 0;
}

/* Dies now, not after hours, where the log can't be written; leaves no trace of the try. Pipes and devices are opened once
 * only, later. */
static void try_log(const char *path)
{
    struct stat st;
    const bool there = path && stat(path, &st) == 0;
    if (!path || (there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
        return;
    FILE *f = fopen(path, "ae");
    if (!f)
        die("%s:", path);
    fclose(f);
    if (!there)
        unlink(path);
}

static void try_checkpoint(const struct loop_options *o)
{
    struct stat st;
    const bool there = o->checkpoint && stat(o->checkpoint, &st) == 0;
    if (there && !S_ISREG(st.st_mode))
        die("%s: is no regular file, so it can't be a checkpoint", o->checkpoint);
    if (there && !o->resume)
        misuse("%s is there, a training that was not finished: --resume goes on with it; remove it to begin "
               "anew",
               o->checkpoint);
    if (o->checkpoint)
        product_try(o->checkpoint);
}

struct loop *loop_new(const struct loop_options *o)
{
    struct loop *l = xcalloc(1, sizeof *l);
    l->o = *o;
    try_checkpoint(o);
    try_log(o->log);
    return l;
}

void loop_part(struct loop *l, const char *name, enum dtype type, void *data, size_t n)
{
    checkpoint_add(&l->parts, name, type, data, n);
}

const struct checkpoint_parts *loop_parts(const struct loop *l)
{
    return &l->parts;
}

/* What rank 0 read is where all go on. */
static void share(struct loop *l)
{
    ranks_copy(&l->step, sizeof l->step);
    for (size_t i = 0; l->step > 0 && i < l->parts.n; i++) {
        const struct checkpoint_part *p = &l->parts.part[i];
        ranks_copy(p->data, p->n * dtype_size(p->type));
    }
}

static bool read_checkpoint(struct loop *l)
{
    const char *path = l->o.checkpoint;
    if (!is_there(path))
        return false;
    checkpoint_read(path, &l->parts, l->task.recipe, &l->state);
    l->step = checkpoint_count(path, &l->state, "step");
    l->before = strtod(checkpoint_word(path, &l->state, "seconds"), NULL);
    notice("%s: goes on after step %llu", path, (unsigned long long)l->step);
    return true;
}

const struct note *loop_resume(struct loop *l, const struct loop_task *task)
{
    l->task = *task;
    const bool read = read_checkpoint(l);
    share(l);
    return read ? &l->state : NULL;
}

uint64_t loop_steps_done(const struct loop *l)
{
    return l->step;
}

/* A state that is not finite is not saved, though its loss still was: the next one says so. */
static void save(struct loop *l)
{
    struct note state = {0};
    if (!l->o.checkpoint || !checkpoint_finite(&l->parts))
        return;
    note_set(&state, "recipe", l->task.recipe);
    if (l->task.save)
        l->task.save(l->task.arg, &state);
    note_setf(&state, "step", "%llu", (unsigned long long)l->step);
    note_setf(&state, "seconds", "%.3f", journal_seconds(&l->journal));
    checkpoint_write(l->o.checkpoint, &l->parts, &state);
    note_clear(&state);
    l->last_checkpoint = progress_clock();
}

static void save_when_due(struct loop *l)
{
    const uint64_t every = l->o.every;
    if (every ? l->step % every == 0 : progress_clock() - l->last_checkpoint >= 60 * l->o.minutes)
        save(l);
}

/* The signal does its work once the state is safe. */
static _Noreturn void die_by_signal(struct loop *l)
{
    const int sig = told_to_stop;
    if (l->step > l->first) /* else the one on disk, if any, is as good */
        save(l);
    journal_close(&l->journal);
    notice("stopped after step %llu", (unsigned long long)l->step);
    ranks_leave();
    put_back_signals(l);
    raise(sig);
    die("stopped by signal %d", sig);
}

static _Noreturn void diverged(const struct loop *l)
{
    put_back_signals(l);
    ranks_let_first_speak();
    const bool kept = is_there(l->o.checkpoint);
    die("the loss is not finite in step %llu; %s%s", (unsigned long long)l->step + 1,
        kept ? "the last checkpoint is kept: " : "there is no checkpoint yet", kept ? l->o.checkpoint : "");
}

static void step(struct loop *l)
{
    struct loop_report r = {0};
    if (!l->task.step(l->task.arg, l->step, &r)) {
        l->over = r.over;
        return;
    }
    if (!isfinite(r.loss))
        diverged(l);
    l->step++;
    journal_step(&l->journal, l->step, &r);
}

void loop_run(struct loop *l, uint64_t steps)
{
    const struct journal_options j = {.path = l->o.log,
                                      .every = l->o.log_every,
                                      .measure = l->task.measure,
                                      .part = l->task.part,
                                      .step = l->step,
                                      .steps = steps,
                                      .seconds = l->before};
    l->first = l->step;
    take_signals(l);
    journal_open(&l->journal, &j);
    l->last_checkpoint = progress_clock();
    while (l->step < steps && !l->over) {
        const uint64_t before = l->step;
        step(l);
        if (told_to_stop)
            die_by_signal(l);
        if (l->step > before && l->step < steps)
            save_when_due(l);
    }
    journal_close(&l->journal);
    put_back_signals(l);
}

void loop_end(struct loop *l)
{
    if (is_there(l->o.checkpoint))
        unlink(l->o.checkpoint);
    checkpoint_parts_free(&l->parts);
    note_clear(&l->state);
    free(l);
}
