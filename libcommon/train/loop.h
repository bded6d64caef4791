/* A training from its first step to its last, whatever is trained: stepping, journal, checkpoints, resuming, signals.
 * The methods bring one step and the arrays that the next step depends on (which epoch is kept is method/fitting.h's):
 *
 *     struct loop *l = loop_new(&options);            paths are tried; a checkpoint that nobody asked for is refused
 *     loop_part(l, "values", DT_F32, values, n);      of every network and optimiser (learner.h adds its own)
 *     loop_part(l, "velocity", DT_F32, velocity, n);
 *     state = loop_resume(l, &task);                  fills them from the checkpoint, where there is one; else NULL
 *     loop_run(l, steps);                             task.step, again and again
 *     ...                                             the weights are written
 *     loop_end(l);                                    the checkpoint goes
 *
 * With several ranks (ranks/ranks.h) the checkpoint and the log are rank 0's (the others' options name none); all go on from it.
 *
 * A run that was killed at any moment and resumed gives the bits of one that was not, if the parts (and the words of
 * task.save) are all that a step depends on. One loop runs at a time; several networks are parts of one loop. */
#ifndef TRAIN_LOOP_H
#define TRAIN_LOOP_H
#include "base/tensor.h"
#include "stream/note.h"
#include "train/checkpoint.h"
#include <signal.h>

struct loop_options {
    const char *checkpoint; /* file, or NULL: none */
    bool resume;            /* from the checkpoint, where there is one */
    size_t every;           /* steps between checkpoints; 0: by the clock */
    double minutes;         /* between checkpoints, where `every` is 0 */
    const char *log;        /* TSV (journal.h), or NULL */
    size_t log_every;       /* steps a row */
};

/* Further columns of a log at most. */
enum { LOOP_PARTS = 4 };

/* What a step tells the journal. */
struct loop_report {
    double loss;    /* mean over the images */
    double measure; /* sum over the images of what the log's column `measure` gives the mean of */
    struct {
        double sum, count;
    } part[LOOP_PARTS]; /* of further columns, which give sum / count over a row */
    size_t images;
    uint64_t samples; /* seen since training began */
    double rate;
    bool over; /* with a step that is not done: nor will others be, the training ends here */
};

struct loop_task {
    const char *recipe;  /* all options that change values, as text; one of another checkpoint is refused */
    const char *measure; /* "accuracy"; NULL: the log has no such column */
    /* Takes step 0, 1, ...: false when it was not done, because input was awaited in vain as loop_signal() came, or
     * report->over. */
    bool (*step)(void *arg, uint64_t step, struct loop_report *report);
    /* Adds to a checkpoint's words what must be known before the parts are of use: position=, identity=. NULL: nothing. */
    void (*save)(void *arg, struct note *state);
    void *arg;
    const char
        *part[LOOP_PARTS]; /* the names of the report's parts, columns behind the measure; NULL: no more */
};

struct loop;
/* misuse() when the checkpoint is there and nobody said resume; dies when the log or the checkpoint can't be written. */
struct loop *loop_new(const struct loop_options *o);
/* An array of the state; the memory stays the caller's and must last as long as the loop. Before loop_resume. */
void loop_part(struct loop *l, const char *name, enum dtype type, void *data, size_t n);
/* All of them, as long as there comes no other. */
const struct checkpoint_parts *loop_parts(const struct loop *l);
/* The checkpoint's words, valid as long as the loop; NULL when training begins anew, and on other ranks than 0. The task is copied. */
const struct note *loop_resume(struct loop *l, const struct loop_task *task);
/* Steps done; seconds spent, by earlier runs too. */
uint64_t loop_steps_done(const struct loop *l);
/* Up to `steps` steps of the whole training. A loss that is not finite: dies, the step is named and the last checkpoint,
 * which is finite, stays. SIGTERM and SIGINT: a checkpoint after the step under way, then what the signal did before.
 * Handlers and err_hook are put back at the end. */
void loop_run(struct loop *l, uint64_t steps);
/* What has been trained is safe: the checkpoint is removed, and l freed. */
void loop_end(struct loop *l);

/* The signal that asked the running loop to stop, or 0: for those who wait (feed.h). */
const volatile sig_atomic_t *loop_signal(void);
#endif
