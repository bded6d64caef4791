/* The gradient of the weights by F(4 x 4, 3 x 3): input tiles and tiles of the output's gradient are
 * transformed, multiplied point by point and summed over the tiles, and the sums transformed to filters. */
#include "base/thread.h"
#include "conv/winograd.h"
#include "conv/winograd_kernel.h"
#include <string.h>

/* Lines that are multiplied at once, a tile each in f32 and a pair of tiles in bf16; lines a task transforms. */
enum { LINES = 96, PART = 8 };

struct gradient {
    float *gradient;
    const void *in, *dy;
    const struct conv_walk *walk;
    const struct conv_kernels *products;
    const struct winograd_kernels *transforms;
    struct winograd_grid grid;
    size_t in_channels, blocks, panels; /* blocks of CONV_GRADIENT_DEPTH channels, panels of CONV_PANEL */
    size_t a_line;                      /* tiles */
    /* Words: point x block x LINES x CONV_GRADIENT_DEPTH, and point x panel x LINES x CONV_PANEL. */
    char *inputs, *outputs;
    float *sums;         /* point x panel x in_channels x CONV_PANEL */
    const void *zeros;   /* a pixel */
    size_t first, lines; /* of the chunk at hand: its first tile */
};

static size_t blocks_of(size_t in_channels)
{
    return size_parts(in_channels, CONV_GRADIENT_DEPTH);
}

static size_t widest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The parts of the scratch memory, one after the other, each a multiple of 64 bytes. */
struct sizes {
    size_t inputs, outputs, sums, zeros;
};

static struct sizes sizes_of(size_t in_channels, size_t out_channels)
{
    const size_t panels = size_parts(out_channels, CONV_PANEL), word = sizeof(float);
    return (struct sizes){
        .inputs = WINOGRAD_POINTS * blocks_of(in_channels) * LINES * CONV_GRADIENT_DEPTH * word,
        .outputs = WINOGRAD_POINTS * panels * LINES * CONV_PANEL * word,
        .sums = WINOGRAD_POINTS * panels * in_channels * CONV_PANEL * word,
        .zeros = widest(in_channels, out_channels) * word,
    };
}

/* By the traffic: 60 tiles save as much as the sums cost. Twice that, to be worth it. */
bool winograd_gradient_pays(size_t n, size_t h, size_t w)
{
    return n * size_parts(h, WINOGRAD_OUT) * size_parts(w, WINOGRAD_OUT) >= 128;
}

size_t winograd_gradient_bytes(size_t in_channels, size_t out_channels)
{
    const struct sizes s = sizes_of(in_channels, out_channels);
    return s.inputs + s.outputs + s.sums + s.zeros;
}

/* Lines [PART * task, ...) of the chunk: the pixels of tiles that there are not are zeros. */
static void transform_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct gradient *g = arg;
    const void *d[2 * WINOGRAD_POINTS], *y[2 * WINOGRAD_OUTPUTS];
    struct winograd_lines in = {NULL, g->blocks * LINES * CONV_GRADIENT_DEPTH, LINES * CONV_GRADIENT_DEPTH,
                                CONV_GRADIENT_DEPTH};
    struct winograd_lines out = {NULL, g->panels * LINES * CONV_PANEL, LINES * CONV_PANEL, CONV_PANEL};
    const size_t end = size_least(PART * (task + 1), g->lines);
    for (size_t line = PART * task; line < end; line++) {
        for (size_t t = 0; t < g->a_line; t++) {
            const size_t tile = g->first + line * g->a_line + t;
            const void **di = d + t * WINOGRAD_POINTS, **yi = y + t * WINOGRAD_OUTPUTS;
            for (size_t i = 0; i < WINOGRAD_POINTS; i++)
                di[i] = yi[i % WINOGRAD_OUTPUTS] = g->zeros;
            if (tile >= g->grid.tiles)
                continue;
            winograd_input_pixels(di, &g->grid, tile, g->in, g->zeros);
            winograd_output_pixels(yi, &g->grid, tile, g->dy, g->walk->out, g->walk->out_step, g->zeros);
        }
        in.first = g->inputs + line * CONV_GRADIENT_DEPTH * sizeof(float);
        out.first = g->outputs + line * CONV_PANEL * sizeof(float);
        g->transforms->input_lines(&in, d, g->in_channels, g->walk->in);
        g->transforms->output_lines(&out, y, g->walk->channels, g->walk->in);
    }
}

/* All products of one point and one panel of the chunk. */
static void multiply_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct gradient *g = arg;
    const size_t point = task / g->panels, rows = g->products->gradient_rows, k = g->in_channels;
    const char *out = g->outputs + task * LINES * CONV_PANEL * sizeof(float);
    const char *in = g->inputs + point * g->blocks * LINES * CONV_GRADIENT_DEPTH * sizeof(float);
    float *sums = g->sums + task * k * CONV_PANEL;
    const size_t columns = size_least(CONV_PANEL, g->walk->channels - task % g->panels * CONV_PANEL);
    conv_begin(g->products);
    for (size_t from = 0; from < k; from += rows) {
        const size_t at =
            from / CONV_GRADIENT_DEPTH * LINES * CONV_GRADIENT_DEPTH + from % CONV_GRADIENT_DEPTH;
        g->products->gradient(sums + from * CONV_PANEL, in + at * sizeof(float), out, g->lines,
                              size_least(rows, k - from), columns);
    }
    conv_end(g->products);
}

/* One panel of one input channel: the sums of 36 points to the gradients of 9 taps. */
static void finish_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct gradient *g = arg;
    const size_t panel = task / g->in_channels, k = task % g->in_channels;
    float *tap[WINOGRAD_TAPS];
    for (size_t t = 0; t < WINOGRAD_TAPS; t++)
        tap[t] = g->gradient + ((panel * WINOGRAD_TAPS + t) * g->in_channels + k) * CONV_PANEL;
    g->transforms->filter_gradient(tap, g->sums + task * CONV_PANEL, g->panels * g->in_channels * CONV_PANEL);
}

void winograd_gradient(float *gradient, const void *in, const void *out_gradient,
                       const struct conv_walk *walk, void *scratch)
{
    struct gradient g = {.gradient = gradient,
                         .in = in,
                         .dy = out_gradient,
                         .walk = walk,
                         .products = conv_kernels(walk->in),
                         .transforms = winograd_kernels(),
                         .grid = winograd_grid(walk),
                         .in_channels = walk->segment[0].length / 3,
                         .panels = size_parts(walk->channels, CONV_PANEL),
                         .a_line = sizeof(float) / dtype_size(walk->in),
                         .inputs = scratch};
    const struct sizes s = sizes_of(g.in_channels, walk->channels);
    g.blocks = blocks_of(g.in_channels);
    g.outputs = g.inputs + s.inputs;
    g.sums = (void *)(g.outputs + s.outputs);
    g.zeros = memset((char *)g.sums + s.sums, 0, s.zeros);
    memset(g.sums, 0, s.sums);
    if (walk->channels % CONV_PANEL) /* what is not there stays zero */
        memset(g.outputs, 0, s.outputs);
    for (g.first = 0; g.first < g.grid.tiles; g.first += LINES * g.a_line) {
        g.lines = size_least(LINES, size_parts(g.grid.tiles - g.first, g.a_line));
        pool_run(size_parts(g.lines, PART), transform_task, &g);
        pool_run(WINOGRAD_POINTS * g.panels, multiply_task, &g);
    }
    pool_run(g.panels * g.in_channels, finish_task, &g);
}
