/* What fitting.c, which trains, and fitting_plan.c, which decides for how long, share. */
#ifndef METHOD_FITTING_PARTS_H
#define METHOD_FITTING_PARTS_H
#include "base/hash.h"
#include "method/fitting.h"
#include "train/order.h"

/* An array of the model, and what it was after the best epoch. */
struct fitting_kept {
    void *data, *best;
    size_t bytes;
};

struct fitting {
    struct fitting_options *o;
    struct fitting_task task;
    struct loop *loop;
    struct tap_store *store;
    struct hash hash;     /* of the images, those held too */
    char identity[17];    /* that, as text */
    uint64_t disk;        /* bytes that wait there */
    size_t taken, held;   /* images to learn from, and held back */
    size_t steps, images; /* of an epoch; of a step */
    char *recipe;
    struct epoch_order order;
    struct fitting_kept *kept;
    size_t keeps, kept_capacity;
    size_t best, collapsed; /* epochs from 1 on; 0: none */
    double best_loss, loss; /* on the held images, in the best epoch and in the last */
};

/* Settles the number of epochs and tells what is going to happen. */
void fitting_plan(struct fitting *f);
/* Takes step `step`; its loss. */
double fitting_step(struct fitting *f, uint64_t step);
#endif
