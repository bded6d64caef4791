/* The gradient of the weights: a product over pixels. What it reads is copied first, a chunk of pixels at a
 * time, into tiles that lie close together. */
#include "base/mem.h"
#include "base/thread.h"
#include "num/bf16.h"
#include "conv/conv.h"
#include "conv/conv_kernel.h"
#include <stdlib.h>
#include <string.h>

enum {
    SLICE_MAX = 8 * CONV_GRADIENT_DEPTH,
    /* Pixels in f32, pairs of them in bf16, between loads and stores of a gradient tile: its dy panel (24 kB)
     * stays near. */
    CHUNK = 96
};

struct gradient {
    float *gradient;
    const char *in, *dy;
    const struct conv_walk *walk;
    const struct conv_kernels *kernels;
    size_t size;     /* bytes of an element */
    size_t per_step; /* pixels */
    size_t depth, pixels, panels;
    size_t slice, slices; /* rows of K a task, a multiple of CONV_GRADIENT_DEPTH, at most SLICE_MAX */
    size_t group;         /* panels a task */
};

/* A chunk of pixels on its way: floats, or pairs of bf16. On the heap, which has no type of its own. */
struct chunk {
    ptrdiff_t in_at[2 * CHUNK], dy_at[2 * CHUNK];
    size_t count, steps;
    float in[CHUNK * SLICE_MAX];
    float dy[CHUNK * CONV_PANEL];
};

/* Copies `n` floats of each pixel to lines `width` apart. At their own places, often a power of two apart,
 * they would fight for a few sets of the cache. */
static inline __attribute__((always_inline)) void gather(float *out, size_t width, const float *from,
                                                         const ptrdiff_t *at, size_t pixels, size_t n)
{
    for (size_t p = 0; p < pixels; p++)
        memcpy(out + p * width, from + at[p], n * sizeof *out);
}

/* `n` elements of each pixel, `full` of them mostly: then the copy is no call. */
static inline __attribute__((always_inline)) void gather_either(void *out, size_t width, const char *from,
                                                                const ptrdiff_t *at, size_t pixels, size_t n,
                                                                size_t full, size_t size)
{
    if (size != sizeof(float))
        bf16_gather_pairs(out, width, (const void *)from, at, pixels, n);
    else if (n == full)
        gather(out, width, (const void *)from, at, pixels, full);
    else
        gather(out, width, (const void *)from, at, pixels, n);
}

/* Rows [from, to) of K, in blocks of CONV_GRADIENT_DEPTH; rows past `to` are zero or old: never stored. */
static void gather_inputs(struct chunk *c, const struct gradient *g, size_t from, size_t to)
{
    enum { D = CONV_GRADIENT_DEPTH };
    size_t begin = 0; /* of the segment, in K */
    for (size_t s = 0; s < g->walk->segments; s++) {
        const size_t end = begin + g->walk->segment[s].length;
        for (size_t k = from > begin ? from : begin, n; k < end && k < to; k += n) {
            const size_t column = (k - from) % D;
            const ptrdiff_t offset = g->walk->segment[s].offset + (ptrdiff_t)(k - begin);
            n = size_least(D - column, size_least(end, to) - k);
            gather_either(c->in + (k - from) / D * D * CHUNK + column, D, g->in + offset * (ptrdiff_t)g->size,
                          c->in_at, c->count, n, D, g->size);
        }
        begin = end;
    }
    for (size_t k = from; g->kernels->arrange && k < to; k += D)
        g->kernels->arrange(c->in + (k - from) * CHUNK, c->steps);
}

static void gather_gradients(struct chunk *c, const struct gradient *g, size_t first)
{
    const size_t columns = size_least(CONV_PANEL, g->walk->channels - first);
    const char *from = g->dy + first * g->size;
    if (columns == CONV_PANEL) {
        gather_either(c->dy, CONV_PANEL, from, c->dy_at, c->count, CONV_PANEL, CONV_PANEL, g->size);
        return;
    }
    memset(c->dy, 0, c->steps * CONV_PANEL * sizeof *c->dy);
    gather_either(c->dy, CONV_PANEL, from, c->dy_at, c->count, columns, CONV_PANEL, g->size);
}

/* The next pixels. What the kernels read beyond them is zero. */
static void begin_chunk(struct chunk *c, const struct gradient *g, size_t first)
{
    const size_t granule = g->kernels->gradient_steps;
    c->count = size_least(CHUNK * g->per_step, g->pixels - first);
    c->steps = size_parts(size_parts(c->count, g->per_step), granule) * granule;
    conv_offsets(c->in_at, g->walk->in_step, first, c->count, g->walk);
    conv_offsets(c->dy_at, g->walk->out_step, first, c->count, g->walk);
    if (c->steps * g->per_step != c->count) {
        memset(c->in, 0, sizeof c->in);
        memset(c->dy, 0, sizeof c->dy);
    }
}

/* One chunk of pixels: inputs are gathered once for all panels of the task, gradients once for all its rows. */
static void run_chunk(struct chunk *c, const struct gradient *g, size_t task)
{
    enum { D = CONV_GRADIENT_DEPTH };
    const size_t from = task % g->slices * g->slice, to = size_least(from + g->slice, g->depth);
    const size_t begin = task / g->slices * g->group, end = size_least(begin + g->group, g->panels);
    const size_t rows = g->kernels->gradient_rows;
    gather_inputs(c, g, from, to);
    for (size_t panel = begin; panel < end; panel++) {
        const size_t first = panel * CONV_PANEL;
        float *gradient = g->gradient + first * g->depth;
        gather_gradients(c, g, first);
        for (size_t k = from; k < to; k += rows)
            g->kernels->gradient(gradient + k * CONV_PANEL,
                                 c->in + (k - from) / D * D * CHUNK + (k - from) % D, c->dy, c->steps,
                                 size_least(rows, to - k), size_least(CONV_PANEL, g->walk->channels - first));
    }
}

static void gradient_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct gradient *g = arg;
    struct chunk *c = xaligned(1, sizeof *c);
    memset(c->in, 0, sizeof c->in);
    conv_begin(g->kernels);
    for (size_t p = 0; p < g->pixels; p += CHUNK * g->per_step) {
        begin_chunk(c, g, p);
        run_chunk(c, g, task);
    }
    conv_end(g->kernels);
    free(c);
}

/* Few, large tasks: each reads its part of the inputs once for all its panels. */
static void plan_gradient(struct gradient *g)
{
    const size_t enough = 2 * pool_size(), blocks = size_parts(g->depth, CONV_GRADIENT_DEPTH);
    g->slices = size_parts(g->depth, SLICE_MAX);
    const size_t groups = size_least(g->panels, size_parts(enough, g->slices));
    g->group = size_parts(g->panels, groups);
    if (g->slices * groups < enough)
        g->slices = size_least(blocks, size_parts(enough, groups));
    g->slice = size_parts(blocks, g->slices) * CONV_GRADIENT_DEPTH;
    g->slices = size_parts(g->depth, g->slice);
}

void conv_gradient(float *gradient, const void *in, const void *out_gradient, const struct conv_walk *walk)
{
    struct gradient g = {.gradient = gradient,
                         .in = in,
                         .dy = out_gradient,
                         .walk = walk,
                         .kernels = conv_kernels(walk->in),
                         .size = dtype_size(walk->in),
                         .per_step = sizeof(float) / dtype_size(walk->in),
                         .depth = conv_depth(walk),
                         .pixels = walk->n * walk->h * walk->w,
                         .panels = size_parts(walk->channels, CONV_PANEL)};
    plan_gradient(&g);
    pool_run(g.slices * size_parts(g.panels, g.group), gradient_task, &g);
}
