/* A convolution's weights for inference, in the form that the fastest way of computing it reads: panels for
 * num/conv.h, or transformed ones for num/winograd.h. Which one depends on shape, type and CPU alone. */
#ifndef NN_FILTER_H
#define NN_FILTER_H
#include "nn/convolution.h"

struct filter {
    enum dtype type; /* of the input */
    bool winograd;
    void *data;
    size_t bytes;
}; /* owns its data */

/* weight as torch keeps it; scale: a factor per output channel, or NULL. */
struct filter filter_new(const float *weight, const float *scale, const struct convolution *c,
                         enum dtype type);
void filter_free(struct filter *f);
/* Bytes of scratch memory that filter_forward needs, 64-byte aligned: for all workers together. */
size_t filter_scratch_bytes(const struct filter *f, const struct convolution *c);
/* As convolution_forward. */
void filter_forward(const struct view *out, const struct view *in, const struct filter *f,
                    const struct convolution_epilogue *epilogue, const struct convolution *c, void *scratch);
#endif
