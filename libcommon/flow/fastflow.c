/* FastFlow's graph, and its scorer. */
#include "flow/fastflow.h"
#include "base/mem.h"
#include "base/thread.h"
#include "image/map.h"
#include "nn/infer.h"
#include "nn/precision_option.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of a block's tensors: "tap1.block1.conv1". */
struct name {
    char text[48];
};

static struct name name_of(size_t tap, size_t block, const char *what)
{
    struct name n;
    snprintf(n.text, sizeof n.text, "tap%zu.block%zu%s", tap + 1, block + 1, what);
    return n;
}

static size_t add_block(struct graph *g, size_t x, size_t tap, size_t block, const struct flow_options *o)
{
    const size_t channels = g->node[x].channels, second = channels / 2, first = channels - second;
    const size_t kernel = o->kernels == FLOW_3X3 || block % 2 == 0 ? 3 : 1;
    const size_t asked = (size_t)(o->hidden * (double)first), hidden = asked ? asked : 1;
    size_t a = graph_slice_narrow(g, x, 0, first);
    a = graph_conv(g, a, name_of(tap, block, ".conv1").text,
                   (struct convolution){first, hidden, kernel, 1, kernel / 2}, true);
    a = graph_relu(g, a);
    a = graph_conv(g, a, name_of(tap, block, ".conv2").text,
                   (struct convolution){hidden, 2 * second, kernel, 1, kernel / 2}, true);
    return graph_coupling(g, x, a, name_of(tap, block, "").text, o->clamp);
}

void fastflow_graph(struct graph *g, size_t output[TAPS_MAX], const struct flow_shapes *s,
                    const struct flow_options *o)
{
    for (size_t i = 0; i < s->taps; i++) {
        struct name norm;
        snprintf(norm.text, sizeof norm.text, "tap%zu.norm", i + 1);
        size_t x = graph_input(g, s->channels[i]);
        x = graph_layernorm(g, x, norm.text, s->height[i], s->width[i]);
        for (size_t b = 0; b < o->blocks; b++)
            x = add_block(g, x, i, b, o);
        output[i] = x;
    }
}

struct likelihood {
    float *out;
    const struct view *z;
    size_t n;
};

static void likelihood_row(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct likelihood *l = arg;
    for (size_t x = 0; x < l->z->w; x++) {
        const float *z = view_at(l->z, l->n, (ptrdiff_t)row, (ptrdiff_t)x);
        double sum = 0;
        for (size_t c = 0; c < l->z->c; c++)
            sum += (double)z[c] * (double)z[c];
        l->out[row * l->z->w + x] = (float)-exp(-sum / (2 * (double)l->z->c));
    }
}

void fastflow_likelihood(float *out, const struct view *z, size_t n)
{
    struct likelihood l = {out, z, n};
    pool_run(z->h, likelihood_row, &l);
}

struct scorer {
    struct flow_shapes shapes;
    struct graph graph;
    struct infer *infer;
    float *flow; /* of the largest tap's positions */
    float *enlarged;
    size_t pixels; /* room in `enlarged` */
};

static void *scorer_new(const struct safetensors *st, const char *path, const struct flow_options *o)
{
    struct scorer *s = xcalloc(1, sizeof *s);
    size_t output[TAPS_MAX], side[TAPS_MAX][2], most = 0;
    s->shapes = flow_shapes_in(st, path, "norm.weight");
    fastflow_graph(&s->graph, output, &s->shapes, o);
    for (size_t i = 0; i < s->shapes.taps; i++) {
        side[i][0] = s->shapes.height[i];
        side[i][1] = s->shapes.width[i];
        most = side[i][0] * side[i][1] > most ? side[i][0] * side[i][1] : most;
    }
    const struct infer_plan plan = {.wanted = output,
                                    .wanted_n = s->shapes.taps,
                                    .n = 1,
                                    .precision = precision_choice(o->precision),
                                    .side = (const size_t(*)[2])side};
    s->infer = infer_new(&s->graph, st, path, &plan);
    s->flow = xmalloc(most, sizeof *s->flow);
    return s;
}

static const struct flow_shapes *shapes(const void *scorer)
{
    return &((const struct scorer *)scorer)->shapes;
}

static void map(void *scorer, float *map, struct map_size size, const struct taps *image)
{
    struct scorer *s = scorer;
    const size_t pixels = size.width * size.height;
    flow_need_pixels(&s->enlarged, &s->pixels, pixels);
    for (size_t i = 0; i < image->n; i++) {
        const struct view in = infer_input(s->infer, i);
        view_copy_in(&in, 0, image->tap[i].value);
    }
    infer_run(s->infer, 1);
    memset(map, 0, pixels * sizeof *map);
    for (size_t i = 0; i < image->n; i++) {
        const struct view z = infer_output(s->infer, i);
        fastflow_likelihood(s->flow, &z, 0);
        map_resize(s->enlarged, size.height, size.width, s->flow, z.h, z.w, 1, MAP_HALF_PIXEL);
        for (size_t p = 0; p < pixels; p++)
            map[p] += s->enlarged[p] / (float)image->n;
    }
}

static void scorer_free(void *scorer)
{
    struct scorer *s = scorer;
    infer_free(s->infer);
    graph_free(&s->graph);
    free(s->flow);
    free(s->enlarged);
    free(s);
}

const struct flow_scoring fastflow_scoring = {
    .begin = scorer_new, .shapes = shapes, .map = map, .end = scorer_free};
