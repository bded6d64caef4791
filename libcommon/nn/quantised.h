/* Convolutions in 8 bits, for inference: one of the ways of nn/product.h, which says when. The
 * input is bf16 and never negative (what a ReLU left); each image is rounded to 8 bits with a scale of its
 * own, so that an output depends on its image alone. */
#ifndef NN_QUANTISED_H
#define NN_QUANTISED_H
#include "nn/convolution.h"

/* Bytes of the weights with their scales, and the conversion from conv.h's panels. */
size_t quantised_bytes(const struct convolution *c);
void quantised_pack(void *filter, const float *panels, const struct convolution *c);

/* As convolution_forward; scratch: quantised_scratch bytes for images of h x w, 64-byte aligned. */
size_t quantised_scratch(const struct convolution *c, size_t h, size_t w);
void quantised_forward(const struct view *out, const struct view *in, const void *filter,
                       const struct convolution_epilogue *epilogue, const struct convolution *c,
                       void *scratch);
#endif
