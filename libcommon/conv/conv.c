/* The traffic, by which tiles and blocks are chosen. A tile of 6 pixels x 64 channels and depth K makes 384 K
 * products of 64 K weights and 6 K inputs: 0.73 bytes a product in f32, 0.36 in bf16, from L1 or L2. At 58
 * and 117 G products a second (one core of Zen 4 at its peak) that is 43 GB/s in both, where L2 gives 100:
 * the weights of a panel need not fit L1, and depth is not cut. A block of up to 384 pixels, whose inputs fit
 * L2 beside a panel, reads each weight once: 0.01 bytes a product from L3 or memory, 0.6 GB/s. What
 * remains is the activations' own way: 64 -> 256 channels in bf16 make 26 products for each byte read or
 * written, 4.6 GB/s a core at the peak, most of it to memory. Measured
 * (build/bench/layers, 8 images, two cores of Zen 4, both precisions): .64 to .68 of the peak at K = 64, .74
 * to .91 at 128 to 1,024, .89 to .96 at 2,304 and more; the stem, whose pixels are gathered in bf16, .64 and
 * .84. AMX multiplies 13 times as fast: there 32 x 32 tiles share their loads, 0.125 bytes a product, which
 * at 1.5 T products a second is 190 GB/s, about what L1 gives; not measured. */
#include "conv/conv.h"
#include "base/mem.h"
#include "base/thread.h"
#include "conv/conv_kernel.h"
#include "num/cpu.h"
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_MAX = 384, /* pixels of a task; a multiple of every kernel's rows */
    BLOCK_MIN = 24,
    BLOCK_BYTES = 1 << 18 /* input of a task that should stay in L2 beside a panel */
};

/* Every CPU with AVX512-BF16 has AVX512-VNNI. */
const struct conv_kernels *conv_kernels(enum dtype type)
{
    static const void *const f32[CPU_LEVELS] = {
        [CPU_PLAIN] = &conv_plain, [CPU_AVX2] = CPU_X86(conv_avx2), [CPU_AVX512] = CPU_X86(conv_avx512)};
    static const void *const bf16[CPU_LEVELS] = {[CPU_PLAIN] = &conv_wide_plain,
                                                 [CPU_AVX2] = CPU_X86(conv_wide_avx2),
                                                 [CPU_AVX512] = CPU_X86(conv_wide_avx512),
                                                 [CPU_BF16] = CPU_X86(conv_bf16),
                                                 [CPU_AMX] = CPU_X86(conv_amx)};
    static const void *const bytes[CPU_LEVELS] = {[CPU_PLAIN] = &conv_bytes, [CPU_BF16] = CPU_X86(conv_vnni)};
    return cpu_choose(type == DT_U8 ? bytes : type == DT_BF16 ? bf16 : f32);
}

void conv_begin(const struct conv_kernels *k)
{
    if (k->begin)
        k->begin();
}

void conv_end(const struct conv_kernels *k)
{
    if (k->end)
        k->end();
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
    return size_parts(channels, CONV_PANEL) * CONV_PANEL * depth;
}

void conv_offsets(ptrdiff_t *at, const ptrdiff_t step[3], size_t first, size_t count,
                  const struct conv_walk *walk)
{
    size_t x = first % walk->w, y = first / walk->w % walk->h, n = first / walk->w / walk->h;
    for (size_t i = 0; i < count; i++) {
        at[i] = (ptrdiff_t)n * step[0] + (ptrdiff_t)y * step[1] + (ptrdiff_t)x * step[2];
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
    char *out;
    const char *in, *packed;
    const struct conv_epilogue *epilogue;
    const struct conv_walk *walk;
    const struct conv_kernels *kernels;
    size_t in_size, out_size;                           /* bytes of an element */
    size_t depth, pixels, block, blocks, panels, group; /* `group` panels a task */
    bool gathers; /* segments are no multiples of the granule: they are copied side by side and padded */
    struct conv_walk segments; /* what the kernels see */
};

/* Where the pixels of a task lie: elements from the bases. */
struct block {
    const char *in; /* the base that in_at counts from */
    ptrdiff_t in_at[BLOCK_MAX], out_at[BLOCK_MAX], residual_at[BLOCK_MAX];
};

/* Pixels of a tile, from pixel p of the block on, against one panel. */
static void run_tile(const struct run *r, const struct block *b, size_t p, size_t rows, size_t panel)
{
    const size_t first = panel * CONV_PANEL;
    const struct conv_epilogue *e = r->epilogue;
    struct conv_tile t = {.panel = r->packed + first * r->depth * r->in_size,
                          .scale = e->scale ? e->scale + first : NULL,
                          .bias = e->bias ? e->bias + first : NULL,
                          .relu = e->relu,
                          .rows = rows,
                          .columns = size_least(CONV_PANEL, r->walk->channels - first),
                          .walk = &r->segments};
    for (size_t i = 0; i < r->kernels->rows; i++) {
        const size_t q = i < rows ? p + i : p;
        t.in[i] = b->in + b->in_at[q] * (ptrdiff_t)r->in_size;
        t.out[i] = r->out + (b->out_at[q] + (ptrdiff_t)first) * (ptrdiff_t)r->out_size;
        t.residual[i] = e->residual ? (const char *)e->residual +
                                          (b->residual_at[q] + (ptrdiff_t)first) * (ptrdiff_t)r->out_size
                                    : NULL;
    }
    r->kernels->tile(&t);
}

/* The segments of a block's pixels side by side, padded with zeros; the block then leads to them. free() it. */
static char *gather(const struct run *r, struct block *b, size_t count)
{
    char *all = xaligned(count * r->depth, r->in_size);
    memset(all, 0, count * r->depth * r->in_size);
    for (size_t p = 0; p < count; p++) {
        char *to = all + p * r->depth * r->in_size;
        for (size_t s = 0; s < r->walk->segments; s++) {
            const size_t bytes = r->walk->segment[s].length * r->in_size;
            memcpy(to, r->in + (b->in_at[p] + r->walk->segment[s].offset) * (ptrdiff_t)r->in_size, bytes);
            to += bytes;
        }
        b->in_at[p] = (ptrdiff_t)(p * r->depth);
    }
    b->in = all;
    return all;
}

static void run_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct run *r = arg;
    const size_t rows = r->kernels->rows;
    const size_t first = task % r->blocks * r->block, count = size_least(r->block, r->pixels - first);
    const size_t begin = task / r->blocks * r->group, end = size_least(begin + r->group, r->panels);
    struct block b;
    b.in = r->in;
    conv_offsets(b.in_at, r->walk->in_step, first, count, r->walk);
    conv_offsets(b.out_at, r->walk->out_step, first, count, r->walk);
    if (r->epilogue->residual)
        conv_offsets(b.residual_at, r->epilogue->residual_step, first, count, r->walk);
    char *gathered = r->gathers ? gather(r, &b, count) : NULL;
    conv_begin(r->kernels);
    for (size_t panel = begin; panel < end; panel++)
        for (size_t p = 0; p < count; p += rows)
            run_tile(r, &b, p, size_least(rows, count - p), panel);
    conv_end(r->kernels);
    free(gathered);
}

/* Tasks large enough to keep a block of input in L2, small enough to share among the threads. */
static void plan_tasks(struct run *r)
{
    const size_t rows = r->kernels->rows, enough = 4 * pool_size();
    const size_t reach = (size_t)(r->walk->in_step[2] > 0 ? r->walk->in_step[2] : 1) * r->in_size;
    const size_t smallest = size_parts(BLOCK_MIN, rows) * rows;
    size_t block = BLOCK_BYTES / reach / rows * rows;
    block = block < smallest ? smallest : size_least(block, BLOCK_MAX);
    while (block > smallest && size_parts(r->pixels, block) < enough)
        block = size_parts(block / 2, rows) * rows;
    r->block = block;
    r->blocks = size_parts(r->pixels, block);
    r->group = r->panels;
    while (r->group > 1 && r->blocks * size_parts(r->panels, r->group) < enough)
        r->group = size_parts(r->group, 2);
}

static void plan_segments(struct run *r)
{
    const size_t granule = r->kernels->granule;
    r->segments = *r->walk;
    r->depth = size_parts(conv_depth(r->walk), granule) * granule;
    for (size_t s = 0; s < r->walk->segments; s++)
        r->gathers |= r->walk->segment[s].length % granule != 0;
    if (!r->gathers)
        return;
    r->segments.segments = 1;
    r->segments.segment[0] = (struct conv_segment){0, r->depth};
}

void conv_run(void *out, const void *in, const void *packed, const struct conv_epilogue *epilogue,
              const struct conv_walk *walk)
{
    struct run r = {.out = out,
                    .in = in,
                    .packed = packed,
                    .epilogue = epilogue,
                    .walk = walk,
                    .kernels = conv_kernels(walk->in),
                    .in_size = dtype_size(walk->in),
                    .out_size = dtype_size(walk->out),
                    .pixels = walk->n * walk->h * walk->w,
                    .panels = size_parts(walk->channels, CONV_PANEL)};
    if (r.pixels == 0)
        return;
    plan_segments(&r);
    plan_tasks(&r);
    pool_run(r.blocks * size_parts(r.panels, r.group), run_task, &r);
}
