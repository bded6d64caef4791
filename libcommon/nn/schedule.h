/* From a graph to the steps that an executor takes: what follows a layer and is seen by nobody else is folded
 * into its step. */
#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H
#include "nn/graph.h"

/* Node `node`, with what is folded into it, writes the value of node `out`. Indices are -1 where there is
 * none. */
struct step {
    size_t node, out;
    ptrdiff_t batchnorm; /* the batch norm node: `node` itself, or folded into a convolution */
    ptrdiff_t residual;  /* the node whose value is added */
    bool relu;
};

struct schedule {
    struct step *step; /* as many as needed; the schedule's own */
    size_t steps;
    size_t input;     /* the input node */
    bool *needed;     /* of each node */
    size_t *side;     /* height and width of each node's output */
    size_t *halo;     /* of each node's output: the most padding that a convolution reading it wants */
    enum dtype *type; /* of each node's output: the precision asked for, f32 from the mean pool on */
};

/* Only what the wanted nodes need is scheduled. With fold_batchnorm, convolutions take in the batch norm
 * behind them (inference); without, a batch norm begins a step of its own (training). Sums and ReLUs fold in
 * both. */
void schedule_make(struct schedule *s, const struct graph *g, const size_t *wanted, size_t wanted_n,
                   bool fold_batchnorm, size_t h, size_t w, enum dtype precision);
/* The view of a node's output for n images, without memory. */
struct view schedule_view(const struct schedule *s, const struct graph *g, size_t node, size_t n);
void schedule_free(struct schedule *s);
#endif
