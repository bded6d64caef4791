/* What a training reports as it goes: a TSV file, a row every few steps with the means since the row before; and progress on
 * stderr. Columns: step samples loss MEASURE PART... rate images_per_second seconds. */
#ifndef TRAIN_JOURNAL_H
#define TRAIN_JOURNAL_H
#include "base/progress.h"
#include "train/loop.h"
#include <stdint.h>
#include <stdio.h>

struct journal_options {
    const char *path;        /* NULL: no file */
    size_t every;            /* steps a row */
    const char *measure;     /* the column's name: "accuracy"; NULL: none */
    const char *const *part; /* names of LOOP_PARTS further ones, or fewer and NULL; NULL: none */
    uint64_t step, steps;    /* done by earlier runs, whose later rows are dropped; in all */
    double seconds;          /* spent by earlier runs */
};

struct journal {
    struct journal_options o;
    FILE *f;
    double loss, measure, images, rate; /* sums since the last row; the last rate */
    double part[LOOP_PARTS], count[LOOP_PARTS];
    uint64_t step, samples;
    double start, row_start; /* the clock at the start, at the last row */
    struct progress progress;
};

/* The path must last as long as the journal. */
void journal_open(struct journal *j, const struct journal_options *o);
/* One step done, `step` with it. */
void journal_step(struct journal *j, uint64_t step, const struct loop_report *r);
/* Seconds spent on this training so far, earlier runs too. */
double journal_seconds(const struct journal *j);
/* Writes the row that is under way: a training of fewer steps than a row has still has one. */
void journal_close(struct journal *j);
#endif
