/* The parts of the training executor: trainer.c makes it, trainer_plan.c gives its buffers places,
 * trainer_run.c runs it. */
#ifndef NN_TRAINER_PARTS_H
#define NN_TRAINER_PARTS_H
#include "nn/schedule.h"
#include "nn/trainer.h"

/* What a step computes with: offsets into the flat arrays. */
struct step_state {
    size_t weight, bias;   /* into values and gradients */
    size_t mean, variance; /* into statistics */
    float *batch;          /* a batch norm's mean and inverse deviation of the last batch */
    bool accumulate_input, accumulate_residual; /* a later step has written that gradient already */
};

struct trainer {
    struct graph graph; /* its own copy */
    struct schedule schedule;
    struct step_state *state;
    struct parameter *parameter;
    size_t parameters, parameter_capacity;
    float *values, *gradients, *statistics;
    size_t values_n, statistics_n;
    struct view *value, *gradient; /* of each node */
    struct view images;            /* the input in f32 */
    size_t output;
    char *arena;
    size_t arena_bytes, working_bytes;
    /* Of one layer at a time: the weights for the gradient of its input, weights as kernels read them, and
     * what these need beside. */
    float *turned;
    void *filter, *scratch;
};

/* Places of all values and gradients for n images; takes the memory. */
void trainer_plan_memory(struct trainer *t, size_t n);
#endif
