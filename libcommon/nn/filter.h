/* Convolutions the fastest way: conv/conv.h's walks or conv/winograd.h's transforms, whichever pays for a
 * layer's shape and type on this CPU; for the gradient of the weights the number of output pixels counts too.
 * Nothing else decides, so an output does not depend on batch or threads.
 *
 * Weights are given as conv.h's f32 panels (convolution_pack) and turned into what the kernels read. Scratch
 * memory is the caller's, 64-byte aligned. */
#ifndef NN_FILTER_H
#define NN_FILTER_H
#include "nn/convolution.h"

/* Whether the way is Winograd's. */
bool filter_is_winograd(const struct convolution *c, enum dtype type);
/* Bytes of the weights as kernels read them for input of this type, and the conversion; runs on the pool. */
size_t filter_bytes(const struct convolution *c, enum dtype type);
void filter_pack(void *filter, const float *panels, const struct convolution *c, enum dtype type);

/* As convolution_forward. */
size_t filter_forward_scratch(const struct convolution *c, enum dtype type);
void filter_forward(const struct view *out, const struct view *in, const void *filter,
                    const struct convolution_epilogue *epilogue, const struct convolution *c, void *scratch);

/* As convolution_backward_weights. */
size_t filter_gradient_scratch(const struct convolution *c, const struct view *dy);
void filter_gradient(float *gradient, const struct view *x, const struct view *dy,
                     const struct convolution *c, void *scratch);
#endif
