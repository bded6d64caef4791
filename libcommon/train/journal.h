/* What a training reports as it goes: a TSV file (step samples loss accuracy rate images_per_second seconds),
 * a row every few steps with the means since the row before; and progress on stderr. */
#ifndef TRAIN_JOURNAL_H
#define TRAIN_JOURNAL_H
#include "base/progress.h"
#include <stdint.h>
#include <stdio.h>

struct journal {
    FILE *f; /* NULL: no file */
    const char *path;
    size_t every;
    double loss, correct, images; /* since the last row */
    double start, row_start,
        before; /* seconds: the clock at the start, at the last row; spent by earlier runs */
    struct progress progress;
};

/* Opens the file (NULL: none). When resuming after `step` steps, rows of later steps are dropped. */
void journal_open(struct journal *j, const char *path, size_t every, uint64_t step, uint64_t steps,
                  double seconds_before);
/* One step done: its mean loss, images answered correctly, images, and the rate it was taken with. */
void journal_step(struct journal *j, uint64_t step, uint64_t samples, double loss, size_t correct,
                  size_t images, double rate);
/* Seconds spent on this training so far, earlier runs too. */
double journal_seconds(const struct journal *j);
void journal_close(struct journal *j);
#endif
