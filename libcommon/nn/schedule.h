/* From a graph to the steps that an executor takes: what follows a layer and is seen by nobody else is folded into its
 * step, and slices and concatenations are laid into the memory of what they are of. */
#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H
#include "nn/graph.h"

/* Node `node`, with what is folded into it, writes the value of node `out`. Indices are -1 where there is none. */
struct schedule_step {
    size_t node, out;
    ptrdiff_t batchnorm; /* the batch norm node: `node` itself, or folded into a product */
    ptrdiff_t residual;  /* the node whose value is added, folded */
    bool relu;           /* folded */
};

/* Where a node's value lies: in the memory of node `root` (itself, mostly), from this channel on. */
struct schedule_place {
    size_t root, channel;
};

struct schedule {
    struct schedule_step *step; /* as many as needed; the schedule's own */
    size_t steps;
    size_t *input, inputs; /* the input nodes in their order, needed or not */
    bool *needed;          /* of each node */
    size_t (*side)[2];     /* height and width of each node's output */
    struct schedule_place *place;
    size_t *halo;         /* of each root: the most that a layer reading it wants */
    bool *never_negative; /* of each value: a ReLU gave it, perhaps through a pool */
    /* Of each node's output: the precision asked for; f32 behind a layer that casts, up to one that narrows. */
    enum dtype *type;
};

struct schedule_plan {
    const size_t *wanted;
    size_t wanted_n;
    /* Products take in the batch norm behind them (inference); else it begins a step of its own (training). Sums and ReLUs fold
     * in both. */
    bool fold_batchnorm;
    size_t h, w;             /* of the inputs */
    const size_t (*side)[2]; /* or of each of them; NULL: all are h x w */
    enum dtype precision;
};

/* Only what the wanted nodes need is scheduled. */
void schedule_make(struct schedule *s, const struct graph *g, const struct schedule_plan *p);
/* The view of a node's output for n images, without memory: of its root's, with this halo. */
struct view schedule_view(const struct schedule *s, const struct graph *g, size_t node, size_t n,
                          size_t halo);
/* The same where its root's memory begins at `data`. */
void schedule_locate(struct view *v, const struct schedule *s, size_t node, void *data);
/* Whether a node's value fills all its root's memory. */
bool schedule_whole(const struct schedule *s, const struct graph *g, size_t node);
void schedule_free(struct schedule *s);
#endif
