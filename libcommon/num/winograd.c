#include "num/winograd.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/conv_kernel.h"
#include "num/cpu.h"
#include "num/winograd_kernel.h"
#include <stdlib.h>
#include <string.h>

/* Tiles of a task: so many rows share each load of transformed weights. A multiple of every kernel's rows
 * but AMX's, which goes the direct way. */
enum { TILES = 24, CHANNELS = 16 };

static const double filter_axis[WINOGRAD_IN][3] = {
    {1, 0, 0},
    {1.0 / 6, 1.0 / 6, 1.0 / 6},
    {1.0 / 6, -1.0 / 6, 1.0 / 6},
    {1.0 / 30, 2.0 / 30, 4.0 / 30},
    {16.0 / 15, -8.0 / 15, 4.0 / 15},
    {0, 0, 1},
};

static const struct winograd_kernels *kernels(void)
{
#if defined(__x86_64__)
    if (cpu_level() >= CPU_BF16)
        return &winograd_bf16;
    if (cpu_level() >= CPU_AVX512)
        return &winograd_avx512;
    if (cpu_level() >= CPU_AVX2)
        return &winograd_avx2;
#endif
    return &winograd_plain;
}

/* AMX multiplies so fast that the transforms would take longer than what they save. */
bool winograd_pays(size_t in_channels, size_t out_channels, enum dtype type)
{
    const bool amx = type == DT_BF16 && cpu_level() >= CPU_AMX;
    return !amx && in_channels % CHANNELS == 0 && out_channels % CHANNELS == 0 && in_channels >= 64 &&
           out_channels >= 64;
}

static size_t panels_of(size_t channels)
{
    return conv_parts(channels, CONV_PANEL);
}

size_t winograd_packed_bytes(size_t in_channels, size_t out_channels, enum dtype type)
{
    const size_t n = panels_of(out_channels) * WINOGRAD_POINTS * in_channels * CONV_PANEL;
    return n * dtype_size(type);
}

/* G g G^T */
static void transform_filter(double u[WINOGRAD_POINTS], const double g[9])
{
    double half[WINOGRAD_IN * 3];
    for (size_t i = 0; i < WINOGRAD_IN; i++)
        for (size_t x = 0; x < 3; x++)
            half[i * 3 + x] =
                filter_axis[i][0] * g[x] + filter_axis[i][1] * g[3 + x] + filter_axis[i][2] * g[6 + x];
    for (size_t i = 0; i < WINOGRAD_IN; i++)
        for (size_t j = 0; j < WINOGRAD_IN; j++)
            u[i * WINOGRAD_IN + j] = filter_axis[j][0] * half[i * 3] + filter_axis[j][1] * half[i * 3 + 1] +
                                     filter_axis[j][2] * half[i * 3 + 2];
}

struct packing {
    char *packed;
    const float *weight, *scale;
    size_t in_channels, out_channels;
    enum dtype type;
};

/* One panel: point x in_channels x 64. */
static void pack_panel(void *arg, size_t panel, size_t worker)
{
    (void)worker;
    const struct packing *p = arg;
    const size_t k = p->in_channels, n = WINOGRAD_POINTS * k * CONV_PANEL, first = panel * CONV_PANEL;
    const size_t columns = conv_least(CONV_PANEL, p->out_channels - first);
    void *to = p->packed + panel * n * dtype_size(p->type);
    float *wide = p->type == DT_F32 ? to : xaligned(n, sizeof *wide);
    memset(wide, 0, n * sizeof *wide);
    for (size_t i = 0; i < k; i++)
        for (size_t o = 0; o < columns; o++) {
            const float *w = p->weight + ((first + o) * k + i) * 9;
            double g[9], u[WINOGRAD_POINTS];
            for (size_t t = 0; t < 9; t++)
                g[t] = (double)w[t] * (p->scale ? p->scale[first + o] : 1.0f);
            transform_filter(u, g);
            for (size_t point = 0; point < WINOGRAD_POINTS; point++)
                wide[(point * k + i) * CONV_PANEL + o] = (float)u[point];
        }
    if (wide == to)
        return;
    conv_narrow(to, wide, k, WINOGRAD_POINTS * CONV_PANEL);
    free(wide);
}

void winograd_pack(void *packed, const float *weight, const float *scale, size_t in_channels,
                   size_t out_channels, enum dtype type)
{
    struct packing p = {packed, weight, scale, in_channels, out_channels, type};
    pool_run(panels_of(out_channels), pack_panel, &p);
}

/* A worker's memory: transformed tiles, point x TILES x channels, and the sums of one panel, point x TILES x
 * 64; and a pixel of zeros for what lies outside. */
struct scratch {
    char *tiles;
    float *sums;
    void *zeros;
};

static size_t tiles_bytes(size_t channels, enum dtype type)
{
    return WINOGRAD_POINTS * TILES * channels * dtype_size(type);
}

enum { SUMS = WINOGRAD_POINTS * TILES * CONV_PANEL };

size_t winograd_scratch_bytes(size_t in_channels, enum dtype type)
{
    return (tiles_bytes(in_channels, type) + SUMS * sizeof(float) + in_channels * sizeof(float) + 63) / 64 *
           64;
}

struct run {
    char *out, *scratch;
    const char *in, *packed;
    const struct conv_epilogue *epilogue;
    const struct conv_walk *walk;
    const struct conv_kernels *products;
    const struct winograd_kernels *transforms;
    struct conv_walk row; /* what the product's kernels see: one segment of all channels, sums in f32 */
    size_t channels;      /* of the input */
    size_t down, across;  /* tiles of an image */
    size_t tiles, chunks, panels, group;
    ptrdiff_t in_size, out_size;
};

/* Where a tile's first output pixel lies. */
struct place {
    size_t n, y, x;
};

static struct place place_of(const struct run *r, size_t tile)
{
    return (struct place){tile / r->across / r->down, tile / r->across % r->down * WINOGRAD_OUT,
                          tile % r->across * WINOGRAD_OUT};
}

static ptrdiff_t offset_of(const ptrdiff_t step[3], struct place p)
{
    return (ptrdiff_t)p.n * step[0] + (ptrdiff_t)p.y * step[1] + (ptrdiff_t)p.x * step[2];
}

/* The base of the input is the frame's corner, so pixel (y, x) of it lies one up and left of the output's. */
static void transform_input(const struct run *r, const struct scratch *s, size_t first, size_t count)
{
    for (size_t t = 0; t < count; t++) {
        const struct place p = place_of(r, first + t);
        const void *d[WINOGRAD_INPUTS];
        for (size_t i = 0; i < WINOGRAD_INPUTS; i++) {
            const struct place at = {p.n, p.y + i / WINOGRAD_IN, p.x + i % WINOGRAD_IN};
            const bool inside = at.y < r->walk->h + 2 && at.x < r->walk->w + 2;
            d[i] = inside ? r->in + offset_of(r->walk->in_step, at) * r->in_size : s->zeros;
        }
        r->transforms->input(s->tiles + (ptrdiff_t)(t * r->channels) * r->in_size, TILES * r->channels, d,
                             r->channels, r->walk->in);
    }
}

/* 36 matrix products: count tiles x channels, times channels x 64. */
static void multiply(const struct run *r, const struct scratch *s, size_t panel, size_t count)
{
    const size_t rows = r->products->rows;
    struct conv_tile t = {.walk = &r->row, .columns = CONV_PANEL};
    for (size_t point = 0; point < WINOGRAD_POINTS; point++) {
        t.panel = r->packed +
                  (ptrdiff_t)((panel * WINOGRAD_POINTS + point) * r->channels * CONV_PANEL) * r->in_size;
        for (size_t from = 0; from < count; from += rows) {
            t.rows = conv_least(rows, count - from);
            for (size_t i = 0; i < rows; i++) {
                const size_t line = point * TILES + (i < t.rows ? from + i : from);
                t.in[i] = s->tiles + (ptrdiff_t)(line * r->channels) * r->in_size;
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
    struct winograd_output o = {.step = TILES * CONV_PANEL,
                                .bias = e->bias ? e->bias + channel : NULL,
                                .relu = e->relu,
                                .channels = conv_least(CONV_PANEL, r->walk->channels - channel),
                                .type = r->walk->out};
    for (size_t t = 0; t < count; t++) {
        const struct place p = place_of(r, first + t);
        o.sum = s->sums + t * CONV_PANEL;
        for (size_t i = 0; i < WINOGRAD_OUTPUTS; i++) {
            const struct place at = {p.n, p.y + i / WINOGRAD_OUT, p.x + i % WINOGRAD_OUT};
            const bool inside = at.y < r->walk->h && at.x < r->walk->w;
            const ptrdiff_t to = offset_of(r->walk->out_step, at) + (ptrdiff_t)channel;
            const ptrdiff_t from = offset_of(e->residual_step, at) + (ptrdiff_t)channel;
            o.out[i] = inside ? r->out + to * r->out_size : NULL;
            o.residual[i] = e->residual ? (const char *)e->residual + from * r->out_size : NULL;
        }
        r->transforms->output(&o);
    }
}

static void run_task(void *arg, size_t task, size_t worker)
{
    const struct run *r = arg;
    char *mine = r->scratch + worker * winograd_scratch_bytes(r->channels, r->walk->in);
    struct scratch s = {.tiles = mine, .sums = (float *)(mine + tiles_bytes(r->channels, r->walk->in))};
    s.zeros = s.sums + SUMS;
    memset(s.zeros, 0, r->channels * sizeof(float));
    const size_t first = task % r->chunks * TILES, count = conv_least(TILES, r->tiles - first);
    const size_t begin = task / r->chunks * r->group, end = conv_least(begin + r->group, r->panels);
    transform_input(r, &s, first, count);
    for (size_t panel = begin; panel < end; panel++) {
        multiply(r, &s, panel, count);
        transform_output(r, &s, panel, first, count);
    }
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
                    .transforms = kernels(),
                    .channels = walk->segment[0].length / 3,
                    .down = conv_parts(walk->h, WINOGRAD_OUT),
                    .across = conv_parts(walk->w, WINOGRAD_OUT),
                    .panels = panels_of(walk->channels),
                    .in_size = (ptrdiff_t)dtype_size(walk->in),
                    .out_size = (ptrdiff_t)dtype_size(walk->out)};
    r.row = (struct conv_walk){.in = walk->in, .out = DT_F32, .segments = 1, .segment = {{0, r.channels}}};
    r.tiles = walk->n * r.down * r.across;
    r.chunks = conv_parts(r.tiles, TILES);
    r.group = r.panels;
    while (r.group > 1 && r.chunks * conv_parts(r.panels, r.group) < 2 * pool_size())
        r.group = conv_parts(r.group, 2);
    pool_run(r.chunks * conv_parts(r.panels, r.group), run_task, &r);
}

void winograd_tile_naive(double y[16], const double d[36], const double g[9])
{
    static const double in[WINOGRAD_IN][WINOGRAD_IN] = {{1, 1.5, -2, -1.5, 1, 0}, {0, 2, 5, 1, -2, 0},
                                                        {0, 2, 1, -5, 2, 0},      {0, -1, -2, 1, 2, 0},
                                                        {0, -2, 1, 2, -1, 0},     {0, 1, 1.5, -2, -1.5, 1}};
    static const double out[WINOGRAD_OUT][WINOGRAD_IN] = {
        {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -0.5, 0}, {0, 1, 1, 4, 0.25, 0}, {0, 1, -1, 8, -0.125, 1}};
    double u[WINOGRAD_POINTS];
    transform_filter(u, g);
    memset(y, 0, 16 * sizeof *y);
    for (size_t i = 0; i < WINOGRAD_IN; i++)
        for (size_t j = 0; j < WINOGRAD_IN; j++) {
            double v = 0;
            for (size_t k = 0; k < 36; k++)
                v += in[i][k / 6] * in[j][k % 6] * d[k];
            for (size_t k = 0; k < 16; k++)
                y[k] += out[k / 4][i] * out[k % 4][j] * u[i * 6 + j] * v;
        }
}
