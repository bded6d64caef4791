/* CFLOW-AD's graphs, and its scorer. */
#include "flow/cflow.h"
#include "base/mem.h"
#include "image/map.h"
#include "nn/infer.h"
#include "nn/precision_option.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t add_block(struct graph *g, size_t x, size_t code, const char *name,
                        const struct flow_options *o)
{
    const size_t channels = g->node[x].channels, second = channels / 2;
    const size_t halves[2] = {graph_slice_narrow(g, x, 0, channels - second), code};
    char linear[48];
    size_t a = graph_concat(g, halves, 2);
    snprintf(linear, sizeof linear, "%s.linear1", name);
    a = graph_relu(g, graph_linear(g, a, linear, 2 * g->node[a].channels));
    snprintf(linear, sizeof linear, "%s.linear2", name);
    a = graph_linear(g, a, linear, 2 * second);
    x = graph_coupling(g, x, a, name, o->clamp);
    if (o->mix == FLOW_PERMUTATION)
        return x;
    snprintf(linear, sizeof linear, "%s.rotation", name);
    return graph_conv(g, x, linear, (struct convolution){channels, channels, 1, 1, 0}, false);
}

size_t cflow_graph(struct graph *g, size_t tap, size_t channels, const struct flow_options *o)
{
    size_t x = graph_input(g, channels);
    const size_t code = graph_input(g, o->condition);
    for (size_t b = 0; b < o->blocks; b++) {
        char name[32];
        snprintf(name, sizeof name, "tap%zu.block%zu", tap + 1, b + 1);
        x = add_block(g, x, code, name, o);
    }
    return x;
}

static void put_code(float *code, size_t n, size_t at)
{
    for (size_t i = 0; i < n / 2; i++) {
        const double frequency = exp(-2.0 * (double)i * log(1e4) / (double)n);
        code[2 * i] = (float)sin((double)at * frequency);
        code[2 * i + 1] = (float)cos((double)at * frequency);
    }
}

float *cflow_codes(size_t height, size_t width, size_t n)
{
    float *codes, *code;
    mem_need(height * width * n * sizeof *codes, "the codes of a tap's positions");
    code = codes = xmalloc(height * width * n, sizeof *codes);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++, code += n) {
            put_code(code, n / 2, x);
            put_code(code + n / 2, n / 2, y);
        }
    return codes;
}

double cflow_likelihood(const float *z, size_t channels, double log_determinant)
{
    const double c = (double)channels;
    double squares = 0;
    for (size_t i = 0; i < channels; i++)
        squares += (double)z[i] * (double)z[i];
    return (-c * 0.91893853320467274 - squares / 2 + log_determinant) / c;
}

/* Vectors that are scored together. */
enum { TOGETHER = 256 };

struct scorer {
    struct flow_shapes shapes;
    size_t condition;
    struct graph graph[TAPS_MAX];
    struct infer *infer[TAPS_MAX];
    float *code[TAPS_MAX], peak[TAPS_MAX];
    float *flow, *enlarged;
    size_t pixels; /* room in `enlarged` */
};

static float peak_in(const struct safetensors *st, const char *path, size_t tap)
{
    char name[32];
    snprintf(name, sizeof name, "tap%zu.peak", tap + 1);
    const struct tensor *t = safetensors_find(st, name);
    const double peak = t && tensor_count(t) == 1 ? tensor_get(t, 0) : (double)NAN;
    if (!isfinite(peak))
        die("%s: %s is not there, or not a number", path, name);
    return (float)peak;
}

static void *scorer_new(const struct safetensors *st, const char *path, const struct flow_options *o)
{
    struct scorer *s = xcalloc(1, sizeof *s);
    size_t most = 0;
    s->shapes = flow_taps_in(st, path);
    s->condition = o->condition;
    for (size_t i = 0; i < s->shapes.taps; i++) {
        const size_t positions = s->shapes.height[i] * s->shapes.width[i];
        const size_t output = cflow_graph(&s->graph[i], i, s->shapes.channels[i], o);
        const struct infer_plan plan = {.wanted = &output,
                                        .wanted_n = 1,
                                        .n = TOGETHER,
                                        .h = 1,
                                        .w = 1,
                                        .precision = precision_choice(o->precision)};
        s->infer[i] = infer_new(&s->graph[i], st, path, &plan);
        s->peak[i] = peak_in(st, path, i);
        s->code[i] = cflow_codes(s->shapes.height[i], s->shapes.width[i], o->condition);
        most = positions > most ? positions : most;
    }
    mem_need(most * sizeof *s->flow, "the likelihoods of an image");
    s->flow = xmalloc(most, sizeof *s->flow);
    return s;
}

static const struct flow_shapes *shapes(const void *scorer)
{
    return &((const struct scorer *)scorer)->shapes;
}

/* n positions of a tap from `first` on. */
static void score_some(struct scorer *s, size_t tap, const float *value, size_t first, size_t n)
{
    const struct view x = infer_input(s->infer[tap], 0), code = infer_input(s->infer[tap], 1);
    const size_t channels = s->shapes.channels[tap];
    for (size_t i = 0; i < n; i++) {
        view_copy_in(&x, i, value + (first + i) * channels);
        view_copy_in(&code, i, s->code[tap] + (first + i) * s->condition);
    }
    infer_run(s->infer[tap], n);
    const struct view z = infer_output(s->infer[tap], 0);
    for (size_t i = 0; i < n; i++) {
        const double l =
            cflow_likelihood(view_at(&z, i, 0, 0), channels, infer_log_determinants(s->infer[tap])[i]);
        const double below = l - (double)s->peak[tap];
        s->flow[first + i] = (float)-expm1(below > 0 ? 0 : below); /* NaN stays */
    }
}

static void map(void *scorer, float *map, struct map_size size, const struct taps *image)
{
    struct scorer *s = scorer;
    const size_t pixels = size.width * size.height;
    flow_need_pixels(&s->enlarged, &s->pixels, pixels);
    memset(map, 0, pixels * sizeof *map);
    for (size_t i = 0; i < image->n; i++) {
        const size_t positions = s->shapes.height[i] * s->shapes.width[i];
        for (size_t first = 0; first < positions; first += TOGETHER)
            score_some(s, i, image->tap[i].value, first,
                       positions - first < TOGETHER ? positions - first : TOGETHER);
        map_resize(s->enlarged, size.height, size.width, s->flow, s->shapes.height[i], s->shapes.width[i], 1,
                   MAP_ALIGN_CORNERS);
        for (size_t p = 0; p < pixels; p++)
            map[p] += s->enlarged[p];
    }
}

static void scorer_free(void *scorer)
{
    struct scorer *s = scorer;
    for (size_t i = 0; i < s->shapes.taps; i++) {
        infer_free(s->infer[i]);
        free(s->code[i]);
        graph_free(&s->graph[i]);
    }
    free(s->flow);
    free(s->enlarged);
    free(s);
}

const struct flow_scoring cflow_scoring = {
    .begin = scorer_new, .shapes = shapes, .map = map, .end = scorer_free};
