/* The parts of winograd.h that its files share, and the transforms, once for every kind of CPU. A transform
 * works on many channels side by side, always a multiple of 16. */
#ifndef CONV_WINOGRAD_KERNEL_H
#define CONV_WINOGRAD_KERNEL_H
#include "conv/conv_kernel.h"

enum {
    WINOGRAD_IN = 6,       /* side of an input tile */
    WINOGRAD_OUT = 4,      /* and of an output tile */
    WINOGRAD_TAPS = 9,     /* of the filter */
    WINOGRAD_POINTS = 36,  /* products a channel; pixels of an input tile as well */
    WINOGRAD_OUTPUTS = 16, /* pixels of an output tile */
    WINOGRAD_CHANNELS = 16
};

/* The sums of one tile for some channels of one panel, on their way out. */
struct winograd_output {
    const float *sum; /* point x channel, `step` apart */
    size_t step;
    void *out[WINOGRAD_OUTPUTS];            /* first channel of each pixel; NULL: not part of the image */
    const void *residual[WINOGRAD_OUTPUTS]; /* all NULL: none */
    const float *bias;                      /* or NULL */
    bool relu;
    size_t channels;
    enum dtype type; /* of out and residual */
};

/* Where the gradient's products find a transformed tile (f32) or two side by side (bf16, pairs): channel c of
 * a point at point * point_step + c / block * block_step + c % block, in words of 4 bytes. */
struct winograd_lines {
    void *first;
    size_t point_step, block_step, block;
};

struct winograd_kernels {
    /* v[point * step + c] = B^T d B of the pixels d. v, d: `type`. */
    void (*input)(void *v, size_t step, const void *const d[WINOGRAD_POINTS], size_t channels,
                  enum dtype type);
    void (*output)(const struct winograd_output *o);
    /* u[point * 64 + c] = G g G^T of the taps g, 64 channels each. */
    void (*filter)(float *u, const float *const g[WINOGRAD_TAPS]);
    /* The gradients' way: g[tap][c] += G^T m G, m[point * step + c], 64 channels. */
    void (*filter_gradient)(float *const g[WINOGRAD_TAPS], const float *m, size_t step);
    /* B^T d B again, and A y A^T of the output's gradients: one tile in f32, in bf16 two (pixels of the
     * second behind those of the first). */
    void (*input_lines)(const struct winograd_lines *to, const void *const *d, size_t channels,
                        enum dtype type);
    void (*output_lines)(const struct winograd_lines *to, const void *const *y, size_t channels,
                         enum dtype type);
};

extern const struct winograd_kernels winograd_plain, winograd_avx2, winograd_avx512, winograd_bf16;
/* The fastest of this CPU. */
const struct winograd_kernels *winograd_kernels(void);

/* The tiles of a walk's images, counted n, y, x. */
struct winograd_grid {
    const struct conv_walk *walk;
    size_t down, across, tiles;
};
struct winograd_grid winograd_grid(const struct conv_walk *walk);
/* Pixels of a tile of the input (6 x 6) or output (4 x 4) side; `zeros` for those outside. */
void winograd_input_pixels(const void **d, const struct winograd_grid *g, size_t tile, const void *in,
                           const void *zeros);
void winograd_output_pixels(const void **y, const struct winograd_grid *g, size_t tile, const void *out,
                            enum dtype type, const ptrdiff_t step[3], const void *outside);
#endif
