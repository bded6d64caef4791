/* The traffic of a task of 24 tiles: transformed weights come from L3 once, 2 bytes for 24 products (bf16, 10
 * GB/s at a core's peak); transformed tiles (36 x 24 x channels, 0.2 to 0.9 MB) from L2, once a panel, 2
 * bytes for 64 products; sums go to L2 and back, 8 bytes for as many products as there are channels.
 * Of featx's time with a Wide ResNet-50-2 the transforms take 4 % (perf). */
#include "conv/winograd.h"
#include "base/thread.h"
#include "num/bf16.h"
#include "num/cpu.h"
#include "conv/winograd_kernel.h"
#include <string.h>

/* Tiles of a task: so many rows share each load of transformed weights. A multiple of every kernel's rows
 * but AMX's, which goes the direct way. */
enum { TILES = 24 };

const struct winograd_kernels *winograd_kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &winograd_plain,
                                                     [CPU_AVX2] = CPU_X86(winograd_avx2),
                                                     [CPU_AVX512] = CPU_X86(winograd_avx512),
                                                     [CPU_BF16] = CPU_X86(winograd_bf16)};
    return cpu_choose(by_level);
}

/* AMX multiplies so fast that the transforms would take longer than what they save. */
bool winograd_pays(size_t in_channels, size_t out_channels, enum dtype type)
{
    const bool amx = type == DT_BF16 && cpu_level() >= CPU_AMX;
    return !amx && in_channels % WINOGRAD_CHANNELS == 0 && out_channels % WINOGRAD_CHANNELS == 0 &&
           in_channels >= CONV_PANEL && out_channels >= CONV_PANEL;
}

static size_t panels_of(size_t channels)
{
    return size_parts(channels, CONV_PANEL);
}

size_t winograd_packed_bytes(size_t in_channels, size_t out_channels, enum dtype type)
{
    return panels_of(out_channels) * WINOGRAD_POINTS * in_channels * CONV_PANEL * dtype_size(type);
}

struct packing {
    void *packed;
    const float *panels;
    size_t channels; /* of the input */
    enum dtype type;
};

static void transform_filter(float u[WINOGRAD_POINTS * CONV_PANEL], const struct packing *p, size_t panel,
                             size_t channel)
{
    const float *g[WINOGRAD_TAPS];
    for (size_t t = 0; t < WINOGRAD_TAPS; t++)
        g[t] = p->panels + ((panel * WINOGRAD_TAPS + t) * p->channels + channel) * CONV_PANEL;
    winograd_kernels()->filter(u, g);
}

/* One panel: point x channels x 64, in bf16 pairs of channels as conv.h's. */
static void pack_panel(void *arg, size_t panel, size_t worker)
{
    (void)worker;
    const struct packing *p = arg;
    const size_t step = p->type == DT_F32 ? 1 : 2, lines = p->channels / step;
    float even[WINOGRAD_POINTS * CONV_PANEL], odd[WINOGRAD_POINTS * CONV_PANEL];
    for (size_t i = 0; i < p->channels; i += step) {
        transform_filter(even, p, panel, i);
        if (step == 2)
            transform_filter(odd, p, panel, i + 1);
        for (size_t point = 0; point < WINOGRAD_POINTS; point++) {
            const size_t to = ((panel * WINOGRAD_POINTS + point) * lines + i / step) * CONV_PANEL;
            if (step == 1)
                memcpy((float *)p->packed + to, even + point * CONV_PANEL, CONV_PANEL * sizeof *even);
            else
                bf16_pair((uint32_t *)p->packed + to, even + point * CONV_PANEL, odd + point * CONV_PANEL,
                          CONV_PANEL);
        }
    }
}

void winograd_pack(void *packed, const float *panels, size_t in_channels, size_t out_channels,
                   enum dtype type)
{
    struct packing p = {packed, panels, in_channels, type};
    pool_run(panels_of(out_channels), pack_panel, &p);
}

struct winograd_grid winograd_grid(const struct conv_walk *walk)
{
    const size_t down = size_parts(walk->h, WINOGRAD_OUT), across = size_parts(walk->w, WINOGRAD_OUT);
    return (struct winograd_grid){walk, down, across, walk->n * down * across};
}

/* Pixels of a square of `side`, at tile (y, x) of an image of h x w pixels `step` apart. */
static void pixels_of(const void **p, size_t side, const struct winograd_grid *g, size_t tile,
                      const void *base, enum dtype type, const ptrdiff_t step[3], size_t h, size_t w,
                      const void *outside)
{
    const size_t n = tile / g->across / g->down;
    const size_t y = tile / g->across % g->down * WINOGRAD_OUT, x = tile % g->across * WINOGRAD_OUT;
    const ptrdiff_t size = (ptrdiff_t)dtype_size(type);
    const char *image = (const char *)base + (ptrdiff_t)n * step[0] * size;
    for (size_t i = 0; i < side; i++)
        for (size_t j = 0; j < side; j++) {
            const ptrdiff_t at = (ptrdiff_t)(y + i) * step[1] + (ptrdiff_t)(x + j) * step[2];
            p[i * side + j] = y + i < h && x + j < w ? image + at * size : outside;
        }
}

/* The base of the input is the frame's corner: its rows and columns are two more than the output's. */
void winograd_input_pixels(const void **d, const struct winograd_grid *g, size_t tile, const void *in,
                           const void *zeros)
{
    const struct conv_walk *w = g->walk;
    pixels_of(d, WINOGRAD_IN, g, tile, in, w->in, w->in_step, w->h + 2, w->w + 2, zeros);
}

void winograd_output_pixels(const void **y, const struct winograd_grid *g, size_t tile, const void *out,
                            enum dtype type, const ptrdiff_t step[3], const void *outside)
{
    pixels_of(y, WINOGRAD_OUT, g, tile, out, type, step, g->walk->h, g->walk->w, outside);
}

/* A worker's memory: transformed tiles, point x TILES x channels, and the sums of one panel, point x TILES x
 * 64; and a pixel of zeros for what lies outside. */
struct scratch {
    char *tiles;
    float *sums;
    void *zeros;
};

enum { SUMS = WINOGRAD_POINTS * TILES * CONV_PANEL };

static size_t tiles_bytes(size_t channels, enum dtype type)
{
    return WINOGRAD_POINTS * TILES * channels * dtype_size(type);
}

static size_t worker_bytes(size_t channels, enum dtype type)
{
    return (tiles_bytes(channels, type) + (SUMS + channels) * sizeof(float) + 63) / 64 * 64;
}

size_t winograd_scratch_bytes(size_t in_channels, enum dtype type)
{
    return pool_size() * worker_bytes(in_channels, type);
}

struct run {
    char *out, *scratch;
    const char *in, *packed;
    const struct conv_epilogue *epilogue;
    const struct conv_walk *walk;
    const struct conv_kernels *products;
    const struct winograd_kernels *transforms;
    struct conv_walk row; /* what the product's kernels see: one segment of all channels, sums in f32 */
    struct winograd_grid grid;
    size_t channels; /* of the input */
    size_t chunks, panels, group;
    size_t in_size, out_size;
};

static void transform_input(const struct run *r, const struct scratch *s, size_t first, size_t count)
{
    const void *d[WINOGRAD_POINTS];
    for (size_t t = 0; t < count; t++) {
        winograd_input_pixels(d, &r->grid, first + t, r->in, s->zeros);
        r->transforms->input(s->tiles + t * r->channels * r->in_size, TILES * r->channels, d, r->channels,
                             r->walk->in);
    }
}

/* 36 matrix products: count tiles x channels, times channels x 64. */
static void multiply(const struct run *r, const struct scratch *s, size_t panel, size_t count)
{
    const size_t rows = r->products->rows;
    struct conv_tile t = {.walk = &r->row, .columns = CONV_PANEL};
    for (size_t point = 0; point < WINOGRAD_POINTS; point++) {
        t.panel = r->packed + (panel * WINOGRAD_POINTS + point) * r->channels * CONV_PANEL * r->in_size;
        for (size_t from = 0; from < count; from += rows) {
            t.rows = size_least(rows, count - from);
            for (size_t i = 0; i < rows; i++) {
                const size_t line = point * TILES + (i < t.rows ? from + i : from);
                t.in[i] = s->tiles + line * r->channels * r->in_size;
                t.out[i] = s->sums + line * CONV_PANEL;
            }
            r->products->tile(&t);
        }
    }
}

static void transform_output(const struct run *r, const struct scratch *s, size_t panel, size_t first,
                             size_t count)
{
    const struct conv_epilogue *e = r->epilogue;
    const size_t channel = panel * CONV_PANEL;
    const char *out = r->out + channel * r->out_size, *residual = e->residual;
    struct winograd_output o = {.step = TILES * CONV_PANEL,
                                .bias = e->bias ? e->bias + channel : NULL,
                                .relu = e->relu,
                                .channels = size_least(CONV_PANEL, r->walk->channels - channel),
                                .type = r->walk->out};
    for (size_t t = 0; t < count; t++) {
        o.sum = s->sums + t * CONV_PANEL;
        winograd_output_pixels((const void **)o.out, &r->grid, first + t, out, o.type, r->walk->out_step,
                               NULL);
        if (residual)
            winograd_output_pixels(o.residual, &r->grid, first + t, residual + channel * r->out_size, o.type,
                                   e->residual_step, NULL);
        r->transforms->output(&o);
    }
}

static void run_task(void *arg, size_t task, size_t worker)
{
    const struct run *r = arg;
    char *mine = r->scratch + worker * worker_bytes(r->channels, r->walk->in);
    struct scratch s = {.tiles = mine, .sums = (void *)(mine + tiles_bytes(r->channels, r->walk->in))};
    s.zeros = s.sums + SUMS;
    memset(s.zeros, 0, r->channels * sizeof(float));
    const size_t first = task % r->chunks * TILES, count = size_least(TILES, r->grid.tiles - first);
    const size_t begin = task / r->chunks * r->group, end = size_least(begin + r->group, r->panels);
    transform_input(r, &s, first, count);
    conv_begin(r->products);
    for (size_t panel = begin; panel < end; panel++) {
        multiply(r, &s, panel, count);
        transform_output(r, &s, panel, first, count);
    }
    conv_end(r->products);
}

void winograd_run(void *out, const void *in, const void *packed, const struct conv_epilogue *epilogue,
                  const struct conv_walk *walk, void *scratch)
{
    struct run r = {.out = out,
                    .in = in,
                    .packed = packed,
                    .scratch = scratch,
                    .epilogue = epilogue,
                    .walk = walk,
                    .products = conv_kernels(walk->in),
                    .transforms = winograd_kernels(),
                    .grid = winograd_grid(walk),
                    .channels = walk->segment[0].length / 3,
                    .panels = panels_of(walk->channels),
                    .in_size = dtype_size(walk->in),
                    .out_size = dtype_size(walk->out)};
    r.row = (struct conv_walk){.in = walk->in, .out = DT_F32, .segments = 1, .segment = {{0, r.channels}}};
    r.chunks = size_parts(r.grid.tiles, TILES);
    r.group = r.panels;
    while (r.group > 1 && r.chunks * size_parts(r.panels, r.group) < 2 * pool_size())
        r.group = size_parts(r.group, 2);
    pool_run(r.chunks * size_parts(r.panels, r.group), run_task, &r);
}
