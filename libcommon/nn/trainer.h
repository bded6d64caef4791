/* The training executor: forward with batch statistics, backward to the gradient of every parameter, for one
 * batch size and image size. Activations and their gradients are planned into one arena; parameters and
 * gradients lie in one array each, so that an optimiser need not know the network.
 *
 * The same input and parameters give the same bits for any number of threads. In bf16, activations and their
 * gradients are stored in bf16 up to the mean pool; sums, batch statistics, parameters and their gradients
 * are f32 (Micikevicius et al., "Mixed Precision Training", ICLR 2018; bf16 needs no loss scaling). */
#ifndef NN_TRAINER_H
#define NN_TRAINER_H
#include "nn/graph.h"
#include "stream/safetensors.h"
#include <stdbool.h>

/* One tensor in the flat arrays: convolution weights in the panels of conv/conv.h, whose padding stays zero.
 */
struct parameter {
    char name[64];
    size_t node, offset, n;
    bool decays; /* weights of convolutions and linear layers; not biases and batch norms */
};

struct trainer;

struct trainer_plan {
    size_t output;        /* the node whose value the loss sees */
    size_t n, h, w;       /* images of a batch, and their size */
    enum dtype precision; /* of activations, their gradients, and the weights that kernels read */
};

/* Parameters and running statistics are read from st (weights.h; `file` names it in messages). Dies when
 * memory is short or a layer can't be trained. */
struct trainer *trainer_new(const struct graph *g, const struct safetensors *st, const char *file,
                            const struct trainer_plan *plan);
void trainer_free(struct trainer *t);

/* Fill before trainer_forward; n x h x w x channels in f32, without halo. */
struct view trainer_input(const struct trainer *t);
void trainer_forward(struct trainer *t);
/* The output node's value, and the gradient of the loss for it: fill before trainer_backward, which adds to
 * the gradients. */
struct view trainer_output(const struct trainer *t);
struct view trainer_output_gradient(const struct trainer *t);
void trainer_backward(struct trainer *t);

/* The flat arrays: *n floats each, and what lies in them. */
float *trainer_values(const struct trainer *t, size_t *n);
float *trainer_gradients(const struct trainer *t);
const struct parameter *trainer_parameters(const struct trainer *t, size_t *n);
/* Running means and variances, one array. */
float *trainer_statistics(const struct trainer *t, size_t *n);

/* Adds every tensor to st in torchvision's names and shapes, taken from `values` (the trainer's own, or an
 * average laid out so). */
void trainer_export(const struct trainer *t, const float *values, struct safetensors *st);
/* One parameter's gradient or value in torch's layout; out holds as many floats as the tensor. Returns that
 * number. */
size_t trainer_parameter_copy(const struct trainer *t, const float *array, const struct parameter *p,
                              float *out);

/* Bytes of activations with their gradients and of working memory; of parameters with their gradients. */
size_t trainer_arena_bytes(const struct trainer *t);
size_t trainer_parameter_bytes(const struct trainer *t);
#endif
