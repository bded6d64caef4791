#include "num/conv.h"
#include "base/thread.h"
#include "num/conv_kernel.h"
#include "num/cpu.h"
#include <string.h>

enum {
    BLOCK_MAX = 384, /* pixels of a task; a multiple of CONV_ROWS */
    BLOCK_MIN = 24,
    BLOCK_FLOATS = 1 << 16, /* input of a task that should stay in L2 beside a panel: 256 kB */
    SLICE_MAX = 8 * CONV_GRADIENT_DEPTH,
    CHUNK = 96 /* pixels between loads and stores of a gradient tile: its dy panel (24 kB) stays near */
};

static const struct conv_kernels *kernels(void)
{
    if (cpu_level() >= CPU_AVX512 && conv_kernels_avx512.tile)
        return &conv_kernels_avx512;
    if (cpu_level() >= CPU_AVX2 && conv_kernels_avx2.tile)
        return &conv_kernels_avx2;
    return &conv_kernels_plain;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t parts(size_t n, size_t size)
{
    return (n + size - 1) / size;
}

size_t conv_depth(const struct conv_walk *walk)
{
    size_t depth = 0;
    for (size_t s = 0; s < walk->segments; s++)
        depth += walk->segment[s].length;
    return depth;
}

size_t conv_packed_size(size_t depth, size_t channels)
{
    return parts(channels, CONV_PANEL) * CONV_PANEL * depth;
}

/* Offsets of pixels [first, first + count), counted n, h, w, from the bases. */
static void pixel_offsets(ptrdiff_t *in_at, ptrdiff_t *out_at, size_t first, size_t count,
                          const struct conv_walk *walk)
{
    size_t x = first % walk->w, y = first / walk->w % walk->h, n = first / walk->w / walk->h;
    for (size_t i = 0; i < count; i++) {
        in_at[i] = (ptrdiff_t)n * walk->in_step[0] + (ptrdiff_t)y * walk->in_step[1] +
                   (ptrdiff_t)x * walk->in_step[2];
        out_at[i] = (ptrdiff_t)n * walk->out_step[0] + (ptrdiff_t)y * walk->out_step[1] +
                    (ptrdiff_t)x * walk->out_step[2];
        if (++x == walk->w) {
            x = 0;
            if (++y == walk->h) {
                y = 0;
                n++;
            }
        }
    }
}

struct run {
    float *out;
    const float *in, *packed;
    const struct conv_epilogue *epilogue;
    const struct conv_walk *walk;
    const struct conv_kernels *kernels;
    size_t depth, pixels, block, blocks, panels, group; /* `group` panels a task */
};

/* Pixels of a tile against one panel. */
static void run_tile(const struct run *r, const ptrdiff_t *in_at, const ptrdiff_t *out_at, size_t rows,
                     size_t panel)
{
    const size_t first = panel * CONV_PANEL;
    const float *in[CONV_ROWS], *residual[CONV_ROWS];
    float *out[CONV_ROWS];
    for (size_t i = 0; i < CONV_ROWS; i++) {
        const size_t p = i < rows ? i : 0; /* rows that are not there repeat the first */
        in[i] = r->in + in_at[p];
        out[i] = r->out + out_at[p] + first;
        residual[i] = r->epilogue->residual ? r->epilogue->residual + out_at[p] + first : NULL;
    }
    r->kernels->tile(out, in, r->packed + first * r->depth,
                     r->epilogue->bias ? r->epilogue->bias + first : NULL,
                     r->epilogue->residual ? residual : NULL, r->epilogue->relu, rows,
                     at_most(CONV_PANEL, r->walk->channels - first), r->walk);
}

static void run_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct run *r = arg;
    ptrdiff_t in_at[BLOCK_MAX], out_at[BLOCK_MAX];
    const size_t first = task % r->blocks * r->block, count = at_most(r->block, r->pixels - first);
    const size_t begin = task / r->blocks * r->group, end = at_most(begin + r->group, r->panels);
    pixel_offsets(in_at, out_at, first, count, r->walk);
    for (size_t panel = begin; panel < end; panel++)
        for (size_t p = 0; p < count; p += CONV_ROWS)
            run_tile(r, in_at + p, out_at + p, at_most(CONV_ROWS, count - p), panel);
}

/* Tasks large enough to keep a block of input in L2, small enough to share among the threads. */
static void plan_tasks(struct run *r)
{
    const size_t reach = (size_t)(r->walk->in_step[2] > 0 ? r->walk->in_step[2] : 1);
    size_t block = BLOCK_FLOATS / reach / CONV_ROWS * CONV_ROWS;
    block = block < BLOCK_MIN ? BLOCK_MIN : at_most(block, BLOCK_MAX);
    const size_t enough = 4 * pool_size();
    while (block > BLOCK_MIN && parts(r->pixels, block) < enough)
        block = parts(block / 2, CONV_ROWS) * CONV_ROWS;
    r->block = block;
    r->blocks = parts(r->pixels, block);
    r->group = r->panels;
    while (r->group > 1 && r->blocks * parts(r->panels, r->group) < enough)
        r->group = parts(r->group, 2);
}

void conv_run(float *out, const float *in, const float *packed, const struct conv_epilogue *epilogue,
              const struct conv_walk *walk)
{
    struct run r = {.out = out,
                    .in = in,
                    .packed = packed,
                    .epilogue = epilogue,
                    .walk = walk,
                    .kernels = kernels(),
                    .depth = conv_depth(walk),
                    .pixels = walk->n * walk->h * walk->w,
                    .panels = parts(walk->channels, CONV_PANEL)};
    if (r.pixels == 0)
        return;
    plan_tasks(&r);
    pool_run(r.blocks * parts(r.panels, r.group), run_task, &r);
}

struct gradient {
    float *gradient;
    const float *in, *dy;
    const struct conv_walk *walk;
    const struct conv_kernels *kernels;
    size_t depth, pixels, panels;
    size_t slice, slices; /* rows of K a task, a multiple of CONV_GRADIENT_DEPTH, at most SLICE_MAX */
    size_t group;         /* panels a task */
};

/* Copies `n` floats of each pixel to lines `width` apart. At their own places, often a power of two apart,
 * they would fight for a few sets of the cache. */
static inline __attribute__((always_inline)) void gather(float *out, size_t width, const float *from,
                                                         const ptrdiff_t *at, size_t pixels, size_t n)
{
    for (size_t p = 0; p < pixels; p++)
        memcpy(out + p * width, from + at[p], n * sizeof *out);
}

/* Rows [from, to) of K for a chunk of pixels, in blocks of CONV_GRADIENT_DEPTH rows; rows past `to` are zero
 * or old: never stored. */
static void gather_inputs(float *out, const struct gradient *g, size_t from, size_t to, const ptrdiff_t *at,
                          size_t count)
{
    enum { D = CONV_GRADIENT_DEPTH };
    size_t begin = 0; /* of the segment, in K */
    for (size_t s = 0; s < g->walk->segments; s++) {
        const size_t end = begin + g->walk->segment[s].length;
        const float *base = g->in + g->walk->segment[s].offset;
        for (size_t k = from > begin ? from : begin, n; k < end && k < to; k += n) {
            const size_t column = (k - from) % D;
            float *block = out + (k - from) / D * D * CHUNK + column;
            n = at_most(D - column, at_most(end, to) - k);
            if (n == D) /* a copy of fixed size is no call */
                gather(block, D, base + (k - begin), at, count, D);
            else
                gather(block, D, base + (k - begin), at, count, n);
        }
        begin = end;
    }
}

static void gather_gradients(float *out, const float *dy, const ptrdiff_t *at, size_t count, size_t columns)
{
    if (columns == CONV_PANEL) {
        gather(out, CONV_PANEL, dy, at, count, CONV_PANEL);
        return;
    }
    memset(out, 0, count * CONV_PANEL * sizeof *out);
    gather(out, CONV_PANEL, dy, at, count, columns);
}

/* One chunk of pixels: inputs are gathered once for all panels of the task, gradients once for all its rows.
 */
static void gradient_chunk(const struct gradient *g, size_t task, const ptrdiff_t *in_at,
                           const ptrdiff_t *dy_at, size_t count, float *in)
{
    float dy[CHUNK * CONV_PANEL];
    const size_t from = task % g->slices * g->slice, to = at_most(from + g->slice, g->depth);
    const size_t begin = task / g->slices * g->group, end = at_most(begin + g->group, g->panels);
    gather_inputs(in, g, from, to, in_at, count);
    for (size_t panel = begin; panel < end; panel++) {
        const size_t first = panel * CONV_PANEL;
        float *gradient = g->gradient + first * g->depth;
        gather_gradients(dy, g->dy + first, dy_at, count, at_most(CONV_PANEL, g->walk->channels - first));
        for (size_t k = from; k < to; k += CONV_ROWS) {
            const float *rows = in + (k - from) / CONV_GRADIENT_DEPTH * CONV_GRADIENT_DEPTH * CHUNK +
                                (k - from) % CONV_GRADIENT_DEPTH;
            g->kernels->gradient(gradient + k * CONV_PANEL, rows, dy, count, at_most(CONV_ROWS, to - k));
        }
    }
}

static void gradient_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct gradient *g = arg;
    ptrdiff_t in_at[CHUNK], dy_at[CHUNK];
    float in[CHUNK * SLICE_MAX] = {0};
    for (size_t p = 0; p < g->pixels; p += CHUNK) {
        const size_t count = at_most(CHUNK, g->pixels - p);
        pixel_offsets(in_at, dy_at, p, count, g->walk);
        gradient_chunk(g, task, in_at, dy_at, count, in);
    }
}

/* Few, large tasks: each reads its part of the inputs once for all its panels. */
static void plan_gradient(struct gradient *g)
{
    const size_t enough = 2 * pool_size(), blocks = parts(g->depth, CONV_GRADIENT_DEPTH);
    g->slices = parts(g->depth, SLICE_MAX);
    const size_t groups = at_most(g->panels, parts(enough, g->slices));
    g->group = parts(g->panels, groups);
    if (g->slices * groups < enough)
        g->slices = at_most(blocks, parts(enough, groups));
    g->slice = parts(blocks, g->slices) * CONV_GRADIENT_DEPTH;
    g->slices = parts(g->depth, g->slice);
}

void conv_gradient(float *gradient, const float *in, const float *out_gradient, const struct conv_walk *walk)
{
    struct gradient g = {.gradient = gradient,
                         .in = in,
                         .dy = out_gradient,
                         .walk = walk,
                         .kernels = kernels(),
                         .depth = conv_depth(walk),
                         .pixels = walk->n * walk->h * walk->w,
                         .panels = parts(walk->channels, CONV_PANEL)};
    plan_gradient(&g);
    pool_run(g.slices * parts(g.panels, g.group), gradient_task, &g);
}
