/* 3 x 3 convolutions of stride 1 by Winograd's minimal filtering F(4 x 4, 3 x 3) (Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks", CVPR 2016): 36 products for 16 outputs instead of 144. Input
 * tiles of 6 x 6 are transformed, multiplied with transformed weights channel by channel, that is by 36
 * matrix products, and transformed back; the gradient of the weights likewise.
 *
 * Interpolation points 0, 1, -1, 2, -1/2 and infinity: half the rounding error of the usual 0, 1, -1, 2, -2.
 * In bf16, transformed tiles and weights are rounded once more; sums are f32. Bits of an output depend on its
 * tile alone. */
#ifndef CONV_WINOGRAD_H
#define CONV_WINOGRAD_H
#include "conv/conv.h"

/* Whether it is faster than the direct way on this CPU, and possible: channels in multiples of 16. */
bool winograd_pays(size_t in_channels, size_t out_channels, enum dtype type);

/* Bytes of transformed weights, and the transformation from conv.h's panels of depth 9 in_channels (taps row
 * by row, then channels). Runs on the pool. */
size_t winograd_packed_bytes(size_t in_channels, size_t out_channels, enum dtype type);
void winograd_pack(void *packed, const float *panels, size_t in_channels, size_t out_channels,
                   enum dtype type);

/* What conv_run gives along the same walk: three segments of 3 in_channels, in's base at pixel (-1, -1), one
 * frame of zeros around it. Runs on the pool; scratch: winograd_scratch_bytes, 64-byte aligned. */
size_t winograd_scratch_bytes(size_t in_channels, enum dtype type);
void winograd_run(void *out, const void *in, const void *packed, const struct conv_epilogue *epilogue,
                  const struct conv_walk *walk, void *scratch);

/* Whether so many output pixels are worth it: the sums of 36 points cross the memory whatever they are. */
bool winograd_gradient_pays(size_t n, size_t h, size_t w);
/* What conv_gradient gives along the same walk. Tiles are summed in order. */
size_t winograd_gradient_bytes(size_t in_channels, size_t out_channels);
void winograd_gradient(float *gradient, const void *in, const void *out_gradient,
                       const struct conv_walk *walk, void *scratch);
#endif
