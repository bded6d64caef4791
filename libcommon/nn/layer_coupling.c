/* The affine coupling layer of coupling.h. The subnet is nodes of the graph; this is what its output does to x. */
#include "base/err.h"
#include "base/mem.h"
#include "base/thread.h"
#include "nn/coupling.h"
#include "nn/element.h"
#include "nn/layer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of pixels are summed in so many chunks whatever the number of threads, and the chunks in order. */
enum { CHUNKS = 32 };

/* What the tasks share. g: the softplus of gamma; place: where channel j goes, the permutation's inverse; sums: of a row's s,
 * or CHUNKS x 2 x channels for the gradients of g and o. */
struct pass {
    const struct coupling *k;
    const struct view *x, *y, *a, *dy;
    const struct coupling_gradients *d;
    const double *d_log_determinant;
    float *g;
    size_t *place;
    double *sums;
};

static size_t at_least(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t coupling_scratch(const struct view *x)
{
    return at_least(x->n * x->h, 2 * CHUNKS * x->c) * sizeof(double) +
           x->c * (sizeof(size_t) + sizeof(float));
}

static void begin(struct pass *p, void *scratch)
{
    const struct coupling *k = p->k;
    p->place = scratch;
    p->sums = (double *)(void *)(p->place + k->channels);
    p->g = (float *)(p->sums + at_least(p->x->n * p->x->h, 2 * CHUNKS * k->channels));
    for (size_t i = 0; i < k->channels; i++) {
        p->place[(size_t)k->permutation[i]] = i;
        p->g[i] = (float)(0.2 * log1p(exp(k->gamma[i] / 2.0)));
    }
}

/* s and t of second-half channel c. */
static float scale_of(const struct pass *p, const void *a, size_t c)
{
    return p->k->clamp * tanhf(0.1f * element_get(a, c, p->a->type));
}

static float shift_of(const struct pass *p, const void *a, size_t c)
{
    return 0.1f * element_get(a, p->a->c / 2 + c, p->a->type);
}

static void forward_row(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t n = row / p->x->h, c = p->k->channels, first = c - coupling_second(c);
    const ptrdiff_t y = (ptrdiff_t)(row % p->x->h);
    double sum = 0;
    for (ptrdiff_t x = 0; x < (ptrdiff_t)p->x->w; x++) {
        const void *from = view_pixel(p->x, n, y, x), *a = view_pixel(p->a, n, y, x);
        void *to = view_pixel(p->y, n, y, x);
        for (size_t j = 0; j < c; j++) {
            float v = element_get(from, j, p->x->type);
            if (j >= first) {
                const float s = scale_of(p, a, j - first);
                v = v * expf(s) + shift_of(p, a, j - first);
                sum += s;
            }
            element_put(to, p->place[j], p->y->type, v * p->g[j] + p->k->offset[j]);
        }
    }
    p->sums[row] = sum;
}

void coupling_forward(const struct view *y, const struct view *x, const struct view *a,
                      double *log_determinant, const struct coupling *k, void *scratch)
{
    struct pass p = {.k = k, .x = x, .y = y, .a = a};
    double global = 0;
    begin(&p, scratch);
    pool_run(x->n * x->h, forward_row, &p);
    for (size_t j = 0; j < k->channels; j++)
        global += log(p.g[j]);
    for (size_t n = 0; log_determinant && n < x->n; n++) {
        log_determinant[n] += global * (double)(x->h * x->w);
        for (size_t i = 0; i < x->h; i++)
            log_determinant[n] += p.sums[n * x->h + i];
    }
}

static void inverse_row(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t n = row / p->x->h, c = p->k->channels, first = c - coupling_second(c);
    const ptrdiff_t y = (ptrdiff_t)(row % p->x->h);
    for (ptrdiff_t x = 0; x < (ptrdiff_t)p->x->w; x++) {
        void *to = view_pixel(p->x, n, y, x);
        const void *from = view_pixel(p->y, n, y, x), *a = view_pixel(p->a, n, y, x);
        for (size_t j = 0; j < c; j++) {
            float v = (element_get(from, p->place[j], p->y->type) - p->k->offset[j]) / p->g[j];
            if (j >= first)
                v = (v - shift_of(p, a, j - first)) * expf(-scale_of(p, a, j - first));
            element_put(to, j, p->x->type, v);
        }
    }
}

void coupling_inverse(const struct view *x, const struct view *y, const struct view *a,
                      const struct coupling *k)
{
    struct pass p = {.k = k, .x = x, .y = y, .a = a};
    void *scratch = xaligned(coupling_scratch(x), 1);
    begin(&p, scratch);
    pool_run(x->n * x->h, inverse_row, &p);
    free(scratch);
}

static void send(const struct view *v, void *pixel, size_t c, bool accumulate, float value)
{
    element_put(pixel, c, v->type, accumulate ? element_get(pixel, c, v->type) + value : value);
}

/* Channel j of one pixel: what goes back to x and to a. dv: the gradient of v. */
static void backward_second(const struct pass *p, const void *from, const void *a, void *dx, void *da,
                            size_t j, float dv, float d_log_determinant)
{
    const struct coupling_gradients *d = p->d;
    const size_t half = coupling_second(p->k->channels), c = j - (p->k->channels - half);
    const float hyperbolic = tanhf(0.1f * element_get(a, c, p->a->type)), e = expf(p->k->clamp * hyperbolic);
    const float ds = dv * element_get(from, j, p->x->type) * e + d_log_determinant;
    if (dx)
        send(&d->dx, dx, j, d->accumulate_dx, dv * e);
    if (!da)
        return;
    send(&d->da, da, c, d->accumulate_da, ds * p->k->clamp * (1 - hyperbolic * hyperbolic) * 0.1f);
    send(&d->da, da, half + c, d->accumulate_da, 0.1f * dv);
}

static void backward_pixel(const struct pass *p, double *sums, size_t n, ptrdiff_t y, ptrdiff_t x)
{
    const size_t c = p->k->channels, first = c - coupling_second(c);
    const void *from = view_pixel(p->x, n, y, x), *a = view_pixel(p->a, n, y, x),
               *dy = view_pixel(p->dy, n, y, x);
    void *dx = p->d->dx.data ? view_pixel(&p->d->dx, n, y, x) : NULL;
    void *da = p->d->da.data ? view_pixel(&p->d->da, n, y, x) : NULL;
    for (size_t j = 0; j < c; j++) {
        const float du = element_get(dy, p->place[j], p->dy->type);
        float v = element_get(from, j, p->x->type);
        if (j < first && dx)
            send(&p->d->dx, dx, j, p->d->accumulate_dx, du * p->g[j]);
        if (j >= first) {
            backward_second(p, from, a, dx, da, j, du * p->g[j], (float)p->d_log_determinant[n]);
            v = v * expf(scale_of(p, a, j - first)) + shift_of(p, a, j - first);
        }
        sums[j] += (double)du * v;
        sums[c + j] += du;
    }
}

static void backward_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t rows = p->x->n * p->x->h, end = rows * (chunk + 1) / CHUNKS;
    double *sums = p->sums + 2 * p->k->channels * chunk;
    memset(sums, 0, 2 * p->k->channels * sizeof *sums);
    for (size_t row = rows * chunk / CHUNKS; row < end; row++)
        for (size_t x = 0; x < p->x->w; x++)
            backward_pixel(p, sums, row / p->x->h, (ptrdiff_t)(row % p->x->h), (ptrdiff_t)x);
}

void coupling_backward(const struct coupling_gradients *d, const struct view *dy,
                       const double *d_log_determinant, const struct view *x, const struct view *a,
                       const struct coupling *k, void *scratch)
{
    struct pass p = {.k = k, .x = x, .a = a, .dy = dy, .d = d, .d_log_determinant = d_log_determinant};
    double all = 0;
    begin(&p, scratch);
    pool_run(CHUNKS, backward_chunk, &p);
    for (size_t i = 1; i < CHUNKS; i++)
        for (size_t j = 0; j < 2 * k->channels; j++)
            p.sums[j] += p.sums[2 * k->channels * i + j];
    for (size_t n = 0; n < x->n; n++)
        all += d_log_determinant[n] * (double)(x->h * x->w);
    for (size_t j = 0; j < k->channels; j++) {
        const double slope = 0.1 / (1 + exp(-k->gamma[j] / 2.0)); /* dg / dgamma */
        if (d->d_gamma)
            d->d_gamma[j] += (float)((p.sums[j] + all / p.g[j]) * slope);
        if (d->d_offset)
            d->d_offset[j] += (float)p.sums[k->channels + j];
    }
}

static size_t parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node)
{
    static const char *const suffix[] = {"global_scale", "global_offset", "permutation"};
    for (size_t i = 0; i < 3; i++) {
        part[i] = layer_part_of(node, suffix[i], (struct tensor){.rank = 1, .dim = {node->channels}});
        part[i].learnt = i < 2;
        part[i].permutes = i == 2;
    }
    return 3;
}

/* g = 1, o = 0, as FrEIA begins; any order. */
static void draw(float *data, size_t n, size_t i, const struct graph_node *node, struct rng *r)
{
    (void)node;
    size_t *order = xmalloc(n, sizeof *order);
    for (size_t j = 0; j < n; j++)
        order[j] = j;
    if (i == 2)
        rng_shuffle(r, order, n);
    for (size_t j = 0; j < n; j++)
        data[j] = i == 0 ? (float)(2 * log(expm1(5))) : i == 1 ? 0 : (float)order[j];
    free(order);
}

static struct coupling coupling_of(const struct layer_call *l)
{
    return (struct coupling){l->node->channels, l->node->clamp, l->part[0], l->part[1], l->part[2]};
}

static void wants(struct layer_wants *w, const struct layer_call *l)
{
    w->scratch = coupling_scratch(&l->in[0]);
}

static void forward(const struct layer_call *l)
{
    const struct coupling k = coupling_of(l);
    coupling_forward(&l->out, &l->in[0], &l->in[1], l->log_determinant, &k, l->scratch);
}

static void backward(const struct layer_call *l)
{
    const struct coupling k = coupling_of(l);
    const struct coupling_gradients d = {l->d_in[0],       l->d_in[1],   l->accumulate[0],
                                         l->accumulate[1], l->d_part[0], l->d_part[1]};
    coupling_backward(&d, &l->d_out, l->d_log_determinant, &l->in[0], &l->in[1], &k, l->scratch);
}

static const struct layer layer_coupling = {.name = "coupling",
                                            .parts = parts,
                                            .draw = draw,
                                            .wants = wants,
                                            .forward = forward,
                                            .backward = backward,
                                            .accumulates = true,
                                            .keeps_input = true};

size_t graph_coupling(struct graph *g, size_t x, size_t a, const char *name, double clamp)
{
    struct graph_node node = graph_unary(g, &layer_coupling, x);
    if (g->node[a].channels != 2 * coupling_second(node.channels))
        die("layer '%s': %zu channels are coupled by a subnet of %zu", name, node.channels,
            g->node[a].channels);
    node.inputs = 2;
    node.input[1] = a;
    node.clamp = (float)clamp;
    return graph_append(g, node, name);
}
