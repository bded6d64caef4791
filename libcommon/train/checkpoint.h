/* A training interrupted and taken up again: everything that the next step depends on, in a safetensors file
 * written atomically. */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct checkpoint {
    float *values, *velocity, *average; /* parameters each; average may be NULL */
    size_t parameters;
    float *statistics;
    size_t statistics_n;
    uint64_t step, position; /* steps done; feed_position after them */
    const char *recipe;      /* all options that change values, as text */
    const char *identity;    /* feed_identity */
    double seconds;          /* spent so far, for the log */
};

void checkpoint_write(const char *path, const struct checkpoint *c);
/* Fills the arrays of c, and step, position, seconds; identity is new memory. Dies with "PATH: reason" when
 * the file is broken, or was made by other options (says both). */
void checkpoint_read(const char *path, struct checkpoint *c);
#endif
