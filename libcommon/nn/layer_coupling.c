/* The affine coupling layer of coupling.h. The subnet is nodes of the graph; this is what its output does to x. */
#include "base/err.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/thread.h"
#include "nn/coupling.h"
#include "nn/coupling_kernel.h"
#include "nn/element.h"
#include "nn/layer.h"
#include "num/bf16.h"
#include "num/cpu.h"
#include "num/exponential.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of pixels are summed in so many chunks whatever the number of threads, and the chunks in order. */
enum { CHUNKS = 32 };

/* What the tasks share. g: the softplus of gamma; place: where channel j goes; order: which one comes to be the j-th; sums: of a row's s,
 * or CHUNKS x 2 x channels for the gradients of g and o. */
struct pass {
    const struct coupling *k;
    const struct coupling_kernels *kernels;
    const struct view *x, *y, *a, *dy;
    const struct coupling_gradients *d;
    const double *d_log_determinant;
    double *sums;
    size_t *place, *order;
    float *g;
    size_t first, second; /* channels of the halves */
    bool recalls;         /* what k->kept has, instead of filling it */
};

/* One pixel in f32, and a task's memory for it: x and a where they are f32 themselves, else widened; h: the hyperbolic tangents, then
 * exp(s), of the second half; what goes to all channels, and to a. */
struct pixel {
    struct coupling_pixel p;
    float *buffer, *wide_x, *wide_a, *h, *all, *dx, *da;
};

static const struct coupling_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &coupling_plain,
                                                     [CPU_AVX2] = CPU_X86(coupling_avx2),
                                                     [CPU_AVX512] = CPU_X86(coupling_avx512)};
    return cpu_choose(by_level);
}

size_t coupling_scratch(const struct view *x)
{
    return size_most(x->n * x->h, 2 * CHUNKS * x->c) * sizeof(double) +
           x->c * (2 * sizeof(size_t) + sizeof(float));
}

/* Tangents, then exponentials, of each pixel's second half. */
size_t coupling_kept(const struct view *x)
{
    return x->n * x->h * x->w * 2 * coupling_second(x->c);
}

static void begin(struct pass *p, void *scratch)
{
    const struct coupling *k = p->k;
    p->kernels = kernels();
    p->second = coupling_second(k->channels);
    p->first = k->channels - p->second;
    p->sums = scratch;
    p->place = (size_t *)(void *)(p->sums + size_most(p->x->n * p->x->h, 2 * CHUNKS * k->channels));
    p->order = p->place + k->channels;
    p->g = (float *)(void *)(p->order + k->channels);
    for (size_t i = 0; i < k->channels; i++) {
        p->order[i] = (size_t)k->permutation[i];
        p->place[p->order[i]] = i;
        p->g[i] = (float)(0.2 * log1p(exp(k->gamma[i] / 2.0)));
    }
}

static const float *floats(float *buffer, const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x)
{
    if (v->type == DT_F32)
        return view_pixel(v, n, y, x);
    bf16_widen(buffer, view_pixel(v, n, y, x), v->c);
    return buffer;
}

static struct pixel pixel_new(const struct pass *p)
{
    const size_t c = p->k->channels;
    struct pixel q = {.buffer = xmalloc(7 * c, sizeof(float))};
    q.wide_x = q.buffer;
    q.wide_a = q.buffer + c;
    q.h = q.buffer + 2 * c;
    q.all = q.buffer + 4 * c;
    q.dx = q.buffer + 5 * c;
    q.da = q.buffer + 6 * c;
    q.p = (struct coupling_pixel){
        .first = p->first, .second = p->second, .g = p->g, .offset = p->k->offset, .clamp = p->k->clamp};
    return q;
}

/* exp(s) and t of a pixel's second half: s = clamp tanh(0.1 a_first), t = 0.1 a_second; returns the sum of s, unless they are
 * recalled. */
static double couple(struct pixel *q, const struct pass *p, size_t n, ptrdiff_t y, ptrdiff_t x)
{
    const float *a = floats(q->wide_a, p->a, n, y, x);
    const size_t at = (n * p->x->h + (size_t)y) * p->x->w + (size_t)x;
    float *h = p->k->kept ? p->k->kept + 2 * p->second * at : q->h, *e = h + p->second;
    q->p.shift = a + p->second;
    q->p.h = h;
    q->p.e = e;
    if (p->recalls)
        return 0;
    exponential_tanh(h, a, 0.1f, p->second);
    const double sum = p->kernels->scale(e, h, p->k->clamp, p->second);
    exponential(e, e, p->second);
    return sum;
}

/* to[j] = from[which[j]] of n numbers. */
static void put_in_order(void *restrict to, enum dtype to_type, const void *restrict from, enum dtype type,
                         const size_t *restrict which, size_t n)
{
    if (to_type == DT_F32 && type == DT_F32)
        for (size_t j = 0; j < n; j++)
            ((float *)to)[j] = ((const float *)from)[which[j]];
    else
        for (size_t j = 0; j < n; j++)
            element_put(to, j, to_type, element_get(from, which[j], type));
}

static void forward_row(const struct pass *p, struct pixel *q, size_t row)
{
    const size_t n = row / p->x->h;
    const ptrdiff_t y = (ptrdiff_t)(row % p->x->h);
    double sum = 0;
    for (ptrdiff_t x = 0; x < (ptrdiff_t)p->x->w; x++) {
        void *to = view_pixel(p->y, n, y, x);
        sum += couple(q, p, n, y, x);
        q->p.x = floats(q->wide_x, p->x, n, y, x);
        p->kernels->forward(q->all, &q->p);
        put_in_order(to, p->y->type, q->all, DT_F32, p->order, p->k->channels);
    }
    p->sums[row] = sum;
}

static void forward_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t rows = p->x->n * p->x->h, end = rows * (chunk + 1) / CHUNKS;
    struct pixel q = pixel_new(p);
    for (size_t row = rows * chunk / CHUNKS; row < end; row++)
        forward_row(p, &q, row);
    free(q.buffer);
}

void coupling_forward(const struct view *y, const struct view *x, const struct view *a,
                      double *log_determinant, const struct coupling *k, void *scratch)
{
    struct pass p = {.k = k, .x = x, .y = y, .a = a};
    double global = 0;
    begin(&p, scratch);
    pool_run(CHUNKS, forward_chunk, &p);
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
    const size_t n = row / p->x->h;
    const ptrdiff_t y = (ptrdiff_t)(row % p->x->h);
    struct pixel q = pixel_new(p);
    for (ptrdiff_t x = 0; x < (ptrdiff_t)p->x->w; x++) {
        void *to = view_pixel(p->x, n, y, x);
        const float *from = floats(q.wide_x, p->y, n, y, x);
        couple(&q, p, n, y, x);
        for (size_t j = 0; j < p->k->channels; j++) {
            float v = (from[p->place[j]] - p->k->offset[j]) / p->g[j];
            if (j >= p->first)
                v = (v - 0.1f * q.p.shift[j - p->first]) / q.p.e[j - p->first];
            element_put(to, j, p->x->type, v);
        }
    }
    free(q.buffer);
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

static void send(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x, bool accumulate,
                 const float *value)
{
    if (!v->data)
        return;
    void *to = view_pixel(v, n, y, x);
    if (accumulate)
        for (size_t c = 0; c < v->c; c++)
            element_put(to, c, v->type, element_get(to, c, v->type) + value[c]);
    else if (v->type == DT_F32)
        memcpy(to, value, v->c * sizeof *value);
    else
        bf16_narrow(to, value, v->c);
}

static void backward_pixel(const struct pass *p, struct pixel *q, double *sums, size_t n, ptrdiff_t y,
                           ptrdiff_t x)
{
    const void *dy = view_pixel(p->dy, n, y, x);
    couple(q, p, n, y, x);
    q->p.x = floats(q->wide_x, p->x, n, y, x);
    put_in_order(q->all, DT_F32, dy, p->dy->type, p->place, p->k->channels);
    p->kernels->backward(q->dx, q->da, sums, q->all, (float)p->d_log_determinant[n], &q->p);
    send(&p->d->dx, n, y, x, p->d->accumulate_dx, q->dx);
    send(&p->d->da, n, y, x, p->d->accumulate_da, q->da);
}

static void backward_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t rows = p->x->n * p->x->h, end = rows * (chunk + 1) / CHUNKS;
    double *sums = p->sums + 2 * p->k->channels * chunk;
    struct pixel q = pixel_new(p);
    memset(sums, 0, 2 * p->k->channels * sizeof *sums);
    for (size_t row = rows * chunk / CHUNKS; row < end; row++)
        for (size_t x = 0; x < p->x->w; x++)
            backward_pixel(p, &q, sums, row / p->x->h, (ptrdiff_t)(row % p->x->h), (ptrdiff_t)x);
    free(q.buffer);
}

void coupling_backward(const struct coupling_gradients *d, const struct view *dy,
                       const double *d_log_determinant, const struct view *x, const struct view *a,
                       const struct coupling *k, void *scratch)
{
    struct pass p = {
        .k = k, .x = x, .a = a, .dy = dy, .d = d, .d_log_determinant = d_log_determinant, .recalls = k->kept};
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
    return (struct coupling){l->node->channels, l->node->clamp, l->part[0],
                             l->part[1],        l->part[2],     l->training ? l->kept : NULL};
}

static void wants(struct layer_wants *w, const struct layer_call *l)
{
    w->scratch = coupling_scratch(&l->in[0]);
    w->kept = l->training ? coupling_kept(&l->in[0]) * sizeof(float) : 0;
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
                                            .keeps_input = true,
                                            .casts_f32 = true};

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
