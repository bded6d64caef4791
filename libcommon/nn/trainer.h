/* The training executor: forward with batch statistics, backward to the gradient of every parameter, for one
 * batch size and size of each input. Activations and their gradients are planned into one arena; parameters and
 * gradients lie in one array each, so that an optimiser need not know the network.
 *
 * The same input and parameters give the same bits for any number of threads. In bf16, activations and their
 * gradients are stored in bf16 up to a layer that casts (layer.h); sums, batch statistics, parameters and their gradients
 * are f32 (Micikevicius et al., "Mixed Precision Training", ICLR 2018; bf16 needs no loss scaling). */
#ifndef NN_TRAINER_H
#define NN_TRAINER_H
#include "nn/graph.h"
#include "stream/safetensors.h"
#include <stdbool.h>

/* One tensor in the flat arrays. */
struct trainer_parameter {
    char name[64];
    size_t node, part, offset, n;
    bool packed;  /* in panels (conv/conv.h), whose padding stays zero; else as in a file, zeros behind it */
    bool trained; /* its gradient is computed; else it is frozen: its gradient stays zero */
    bool decays;  /* trained weights of products; not biases, norms and what is frozen */
};

struct trainer;

struct trainer_plan {
    const size_t *output; /* the nodes whose values losses see: any, also in the middle of the network */
    size_t outputs;
    size_t n, h, w;          /* images of a batch, and their size */
    enum dtype precision;    /* of activations, their gradients, and the weights that kernels read */
    const size_t (*side)[2]; /* the size of each input, in their order in the graph; NULL: all are h x w */
    /* Beginnings of tensors' names, ended by NULL; NULL: none. "" is the beginning of all. */
    /* parameters that don't learn; below the lowest that does there is no backward */
    const char *const *frozen;
    const char *const *fixed; /* batch norms that use their running statistics and leave them as they are */
    bool input_gradients;     /* backward goes on to the inputs */
};

/* Parameters and running statistics are read from st (weights.h; `file` names it in messages). Dies when
 * memory is short, or a layer can't be trained. */
struct trainer *trainer_new(const struct graph *g, const struct safetensors *st, const char *file,
                            const struct trainer_plan *plan);
void trainer_free(struct trainer *t);

/* The graph's i-th input: fill before trainer_forward; n x h x w x channels in f32, without halo. No data where no output
 * needs it. */
struct view trainer_input(const struct trainer *t, size_t i);
void trainer_forward(struct trainer *t);
/* The first n images alone, by the running statistics, which stay as they are: what the network gives when it is in use, up to
 * rounding. No backward follows. */
void trainer_evaluate(struct trainer *t, size_t n);
/* The plan's i-th output, and the gradient of the loss for it, not yet that of what comes behind it: fill with all
 * before trainer_backward, which adds to the gradients of the parameters. */
struct view trainer_output(const struct trainer *t, size_t i);
struct view trainer_output_gradient(const struct trainer *t, size_t i);
/* The sum of the log-determinants of all couplings, of each image; and the gradient of the loss for it, zero unless filled
 * between forward and backward. */
const double *trainer_log_determinants(const struct trainer *t);
double *trainer_log_determinant_gradients(const struct trainer *t);
void trainer_backward(struct trainer *t);
/* The same; tells on its way, in the caller's thread, that this batch's gradients are complete from the flat array's element
 * `from` on: less each time, in the end 0. */
void trainer_backward_telling(struct trainer *t, void (*complete)(void *arg, size_t from), void *arg);
/* Of the i-th input, after trainer_backward; valid until the next forward. */
struct view trainer_input_gradient(const struct trainer *t, size_t i);

/* The flat arrays: *n floats each, and what lies in them. */
float *trainer_values(const struct trainer *t, size_t *n);
float *trainer_gradients(const struct trainer *t);
const struct trainer_parameter *trainer_parameters(const struct trainer *t, size_t *n);
/* Running means and variances and constants, one array. */
float *trainer_statistics(const struct trainer *t, size_t *n);
/* Of each of them whether trainer_forward moves it: running = .9 running + .1 of the batch's, rounded once. Constants, and what
 * is fixed, stay. */
const bool *trainer_running(const struct trainer *t);

/* Adds every tensor to st in torchvision's names and shapes, taken from `values` (the trainer's own, or an
 * average laid out so). */
void trainer_export(const struct trainer *t, const float *values, struct safetensors *st);
/* One parameter's gradient or value in torch's layout; out holds as many floats as the tensor. Returns that
 * number. */
size_t trainer_parameter_copy(const struct trainer *t, const float *array, const struct trainer_parameter *p,
                              float *out);

/* Bytes of activations with their gradients and of working memory; of parameters with their gradients. */
size_t trainer_arena_bytes(const struct trainer *t);
size_t trainer_parameter_bytes(const struct trainer *t);
#endif
