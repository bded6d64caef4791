/* The transforms of winograd.c, once for every kind of CPU. */
#ifndef NUM_WINOGRAD_KERNEL_H
#define NUM_WINOGRAD_KERNEL_H
#include "num/conv.h"

enum { WINOGRAD_IN = 6, WINOGRAD_OUT = 4, WINOGRAD_POINTS = 36, WINOGRAD_INPUTS = 36, WINOGRAD_OUTPUTS = 16 };

/* The sums of one tile for some channels of one panel, on their way out. */
struct winograd_output {
    const float *sum; /* point x channel, `step` apart */
    size_t step;
    void *out[WINOGRAD_OUTPUTS];            /* first channel of each pixel; NULL: not part of the image */
    const void *residual[WINOGRAD_OUTPUTS]; /* all NULL: none */
    const float *bias;                      /* or NULL */
    bool relu;
    size_t channels; /* a multiple of 16 */
    enum dtype type; /* of out and residual */
};

struct winograd_kernels {
    /* v[point * step + c] = the transform of the pixels d, for `channels` (a multiple of 16) channels. v, d:
     * `type`. */
    void (*input)(void *v, size_t step, const void *const d[WINOGRAD_INPUTS], size_t channels,
                  enum dtype type);
    void (*output)(const struct winograd_output *o);
};

extern const struct winograd_kernels winograd_plain, winograd_avx2, winograd_avx512, winograd_bf16;
#endif
