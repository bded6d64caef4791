/* Convolutions and linear layers the fastest way, which a layer's shape and type choose on this CPU: direct walks
 * (conv/conv.h), Winograd's transforms (conv/winograd.h), or 8 bits (quantised.h). For the gradient of the weights the
 * number of output pixels counts too. Nothing else decides, so an output does not depend on batch or threads.
 *
 * `type` is that of the input, DT_F32 or DT_BF16; or DT_I8: the input is bf16 and never negative, and is multiplied in 8
 * bits where neither Winograd's way nor AMX in bf16 would be faster.
 *
 * Weights are given as conv.h's f32 panels (convolution_pack) and turned into what the kernels read. Scratch memory is
 * the caller's, 64-byte aligned. */
#ifndef NN_PRODUCT_H
#define NN_PRODUCT_H
#include "nn/convolution.h"

enum product_way { PRODUCT_DIRECT, PRODUCT_WINOGRAD, PRODUCT_BYTES };

enum product_way product_way(const struct convolution *c, enum dtype type);
/* Bytes of the weights as kernels read them, and the conversion; runs on the pool. */
size_t product_bytes(const struct convolution *c, enum dtype type);
void product_pack(void *weights, const float *panels, const struct convolution *c, enum dtype type);

/* Whether the kernels read the panels as they are: then there is nothing to pack. */
bool product_reads_panels(const struct convolution *c, enum dtype type);

/* As convolution_forward; h x w: the input's sides. */
size_t product_scratch(const struct convolution *c, enum dtype type, size_t h, size_t w);
void product_forward(const struct view *out, const struct view *in, const void *weights,
                     const struct convolution_epilogue *epilogue, const struct convolution *c,
                     enum dtype type, void *scratch);

/* As convolution_backward_weights. */
size_t product_gradient_scratch(const struct convolution *c, const struct view *dy);
void product_gradient(float *gradient, const struct view *x, const struct view *dy,
                      const struct convolution *c, void *scratch);

/* As convolution_backward_data, from the forward's panels: for stride 1 a product of the turned weights. `weights`:
 * memory of product_back_bytes, for what kernels read. */
size_t product_back_bytes(const struct convolution *c, enum dtype type);
size_t product_back_scratch(const struct convolution *c, enum dtype type, size_t h, size_t w);
void product_back(const struct view *dx, const struct view *dy, const float *panels, bool accumulate,
                  const struct convolution *c, void *weights, void *scratch);
#endif
