/* The inference executor: compiles a graph for inputs of one size, with batch norm folded into products, ReLU and
 * residual sums into their epilogues, and all activations planned into one arena; then runs it as often as wanted.
 *
 * The bits of an output depend on its own image alone, not on batch or threads. */
#ifndef NN_INFER_H
#define NN_INFER_H
#include "nn/graph.h"
#include "stream/safetensors.h"

struct infer;

struct infer_plan {
    const size_t *wanted; /* nodes whose outputs are asked for */
    size_t wanted_n;
    size_t n, h, w; /* images at once at the most, and their size */
    /* Of weights and activations: DT_F32 or DT_BF16, sums are f32; or DT_I8: bf16, but what follows a ReLU
     * and is not for Winograd is multiplied in 8 bits (product.h). */
    enum dtype precision;
    const size_t (*side)[2]; /* the size of each input, in their order in the graph; NULL: all are h x w */
};

/* Only nodes that lead to the wanted ones are compiled, and only their tensors must be in st (`file` names it
 * in messages). st may be freed afterwards. Dies when memory is short, an input too small, or a tensor wrong. */
struct infer *infer_new(const struct graph *g, const struct safetensors *st, const char *file,
                        const struct infer_plan *plan);
/* Where the images of the graph's i-th input go: n x h x w x channels, framed, dense; fill before each run. No data where
 * nothing wanted needs it. */
struct view infer_input(const struct infer *x, size_t i);
/* Runs the first n of them. */
void infer_run(struct infer *x, size_t n);
/* The output of wanted node i, valid until the next run. */
struct view infer_output(const struct infer *x, size_t i);
/* Of each image: the sum of the log-determinants of all couplings; 0 where there are none. */
const double *infer_log_determinants(const struct infer *x);
/* Bytes of weights and of activations. */
size_t infer_weight_bytes(const struct infer *x);
size_t infer_arena_bytes(const struct infer *x);
void infer_free(struct infer *x);
#endif
