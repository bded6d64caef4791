/* The inner kernels of the convolutions, once for every kind of CPU and element type; winograd.c and
 * search/sketch.c multiply with them too. They sum in the order of the pixels and segments, AMX those of even
 * and odd depth apart, 32 at a time. Vector kernels fuse multiply and add; plain ones, and those that widen
 * bf16, do not. */
#ifndef CONV_CONV_KERNEL_H
#define CONV_CONV_KERNEL_H
#include "base/size.h"
#include "conv/conv.h"

/* Pixels of a tile at most; rows of K that are copied together for the gradient. */
enum { CONV_ROWS_MAX = 32, CONV_GRADIENT_DEPTH = 48 };

/* Some pixels against one panel. Rows from `rows` on repeat the first: they may be read, not stored. */
struct conv_tile {
    const void *in[CONV_ROWS_MAX];       /* the pixels' bases */
    void *out[CONV_ROWS_MAX];            /* and their places of the panel's first channel */
    const void *residual[CONV_ROWS_MAX]; /* likewise; all NULL: none */
    const void *panel;
    const float *scale; /* CONV_PANEL of them, for u8 input */
    const float *bias;  /* CONV_PANEL of them, or NULL */
    bool relu;
    size_t rows, columns; /* to be stored */
    const struct conv_walk *walk;
};

struct conv_kernels {
    /* Around any calls of the functions below, on the thread that makes them; NULL: nothing is needed. */
    void (*begin)(void), (*end)(void);
    size_t rows;    /* pixels of a tile */
    size_t granule; /* every segment's length is a multiple of this, or there is only one, padded */
    void (*tile)(const struct conv_tile *t);
    /* gradient[r * 64 + c] += sum over the pixels p of in[p][r] * dy[p][c] for r < rows and c < columns; what becomes of the
     * others, of which dy has zeros, is open.
     * f32: `steps` pixels, in[p * CONV_GRADIENT_DEPTH + r], dy[p * 64 + c]. bf16: `steps` pairs of pixels,
     * in[(pair * CONV_GRADIENT_DEPTH + r) * 2 + p % 2], dy likewise. At most gradient_rows rows. */
    void (*gradient)(float *gradient, const void *in, const void *dy, size_t steps, size_t rows,
                     size_t columns);
    size_t gradient_rows;
    size_t gradient_steps; /* `steps` is a multiple of this; what is too much is zero */
    /* Brings `steps` x CONV_GRADIENT_DEPTH pairs into the order that `gradient` reads; NULL: as they are. */
    void (*arrange)(void *in, size_t steps);
};

extern const struct conv_kernels conv_plain, conv_avx2, conv_avx512;
extern const struct conv_kernels conv_wide_plain, conv_wide_avx2, conv_wide_avx512; /* bf16 by widening */
extern const struct conv_kernels conv_bytes, conv_vnni;                             /* u8, without gradient */
extern const struct conv_kernels conv_bf16, conv_amx;                               /* bf16 */

/* The fastest of this CPU. */
const struct conv_kernels *conv_kernels(enum dtype type);
void conv_begin(const struct conv_kernels *k);
void conv_end(const struct conv_kernels *k);

/* Offsets from a base, by `step` for n, h and w, of a walk's pixels [first, first + count), counted n, h, w. */
void conv_offsets(ptrdiff_t *at, const ptrdiff_t step[3], size_t first, size_t count,
                  const struct conv_walk *walk);
#endif
