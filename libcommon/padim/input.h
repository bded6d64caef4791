/* Feature streams as PaDiM takes them: record after record, f32, one shape for all. */
#ifndef PADIM_INPUT_H
#define PADIM_INPUT_H
#include "padim/grid.h"
#include "stream/npys.h"

struct padim_input {
    size_t taps; /* 0 until the first record, or a model, says */
    size_t shape[PADIM_TAPS_MAX][3];
    struct npys_reader *reader; /* now */
    struct npys_record record;
    struct tensor tap[PADIM_TAPS_MAX]; /* the record's arrays as f32 */
    float *converted[PADIM_TAPS_MAX];  /* where they were not */
    float *values;
}; /* {0} to begin; padim_input_free in the end */

/* What is done with a stream and its records. */
struct padim_use {
    void (*open)(void *arg, const struct note *opening); /* NULL: nothing */
    void (*take)(void *arg, struct padim_input *in, const struct note *opening);
    void *arg;
};

/* Reads the files one after the other, stdin where there are none. Dies, with the record named, when an array
 * is not a feature map of floats (height x width x channels, or channels alone) or has another shape than
 * before. */
void padim_input_read(struct padim_input *in, char *const *file, size_t files, struct padim_use use);
/* in->values of the record; dies when one of the chosen features is not a finite number. */
void padim_input_values(struct padim_input *in, const struct padim_grid *grid);
void padim_input_free(struct padim_input *in);
#endif
