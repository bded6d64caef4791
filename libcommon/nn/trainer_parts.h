/* The parts of the training executor: trainer.c makes it, trainer_plan.c gives its buffers places, trainer_run.c runs
 * it. */
#ifndef NN_TRAINER_PARTS_H
#define NN_TRAINER_PARTS_H
#include "nn/layer.h"
#include "nn/schedule.h"
#include "nn/trainer.h"

/* A contribution of a step's backward to the gradient of a value. */
struct trainer_flow {
    bool wanted;     /* something below learns */
    bool clear;      /* nothing is there yet, and this fills only a part of it: zeros first */
    bool accumulate; /* something is there already */
};

struct trainer_step {
    bool learnt[LAYER_PARTS];   /* the part lies in values, else in statistics */
    bool trained[LAYER_PARTS];  /* and is not frozen */
    size_t offset[LAYER_PARTS]; /* there */
    size_t parts;
    bool fixed_statistics, backward; /* backward: something at or below it learns */
    struct trainer_flow input[NODE_INPUTS], residual;
    void *kept; /* what its layer keeps from forward to backward */
};

struct trainer {
    struct graph graph; /* its own copy */
    struct schedule schedule;
    struct trainer_step *state; /* of each step */
    struct trainer_parameter *parameter;
    size_t parameters, parameter_capacity;
    float *values, *gradients, *statistics;
    bool *running; /* of each statistic: forward moves it */
    size_t values_n, statistics_n;
    size_t n;                                    /* images */
    double *log_determinant, *d_log_determinant; /* of each */
    bool *learns; /* of each node: its value depends on what learns (or on inputs whose gradient is wanted) */
    struct view *value, *gradient; /* of each node; gradient: no shape where none is wanted */
    struct view *images;           /* of each input, in f32 */
    size_t *output, outputs;
    bool *clear_output; /* of each output: its gradient fills a part of what it lies in; zeros first */
    char *arena;
    size_t arena_bytes, working_bytes;
    /* Of one step at a time: weights as kernels read them, working memory, a gradient on its way to be added. */
    void *prepared, *scratch, *added;
};

/* Places of all values and gradients; takes the memory. */
void trainer_plan_memory(struct trainer *t);
/* A step's call: views, parameters and gradients. */
struct layer_call trainer_call(const struct trainer *t, size_t step);
#endif
