/* Batch normalisation. With x the input, m = N H W numbers of a channel, xhat = (x - mean) / sqrt(var + eps):
 *
 *   y = weight xhat + bias            mean and var are the batch's (var biased), or fixed ones
 *   dbias = sum dy                    dweight = sum dy xhat
 *   dx = weight / sqrt(var + eps) (dy - mean(dy) - xhat mean(dy xhat))
 *
 * where the two means come from mean and var moving with x, and are 0 where these are fixed. All is written as an affine
 * map of each channel, so that two passes suffice each way: one that sums, one that writes. */
#include "nn/layer_batchnorm.h"
#include "base/mem.h"
#include "base/thread.h"
#include "nn/layer.h"
#include "nn/layer_pointwise.h"
#include "num/channel.h"
#include <math.h>
#include <stdlib.h>

/* Rows of pixels are summed in this many chunks whatever the number of threads, and the chunks in order. */
enum { CHUNKS = 32 };

static const double epsilon = 1e-5;

struct pass {
    const struct view *x, *y, *dy, *residual, *out; /* what a pass reads and writes; NULL where it does not */
    bool relu, accumulate;
    double *sums; /* CHUNKS x 2 x channels */
    const float *a, *b, *d;
    /* Pixels of a stretch: a row where all views are dense, else one. */
    size_t run;
    void (*stretch)(const struct pass *p, double *sums, size_t row, size_t x);
};

static void *at(const struct view *v, size_t row, size_t x)
{
    return v ? view_pixel(v, row / v->h, (ptrdiff_t)(row % v->h), (ptrdiff_t)x) : NULL;
}

static void sum(const struct pass *p, double *sums, size_t row, size_t x)
{
    channel_sums(p->x->type, sums, sums + p->x->c, at(p->x, row, x), p->run, p->x->c);
}

static void affine(const struct pass *p, double *sums, size_t row, size_t x)
{
    (void)sums;
    channel_affine(p->x->type, at(p->out, row, x), at(p->x, row, x), p->a, p->b, at(p->residual, row, x),
                   p->relu, p->run, p->x->c);
}

static void gradient_sum(const struct pass *p, double *sums, size_t row, size_t x)
{
    channel_gradient_sums(p->x->type, sums, sums + p->x->c, at(p->residual, row, x), p->accumulate,
                          at(p->dy, row, x), at(p->y, row, x), at(p->x, row, x), p->run, p->x->c);
}

static void gradient(const struct pass *p, double *sums, size_t row, size_t x)
{
    (void)sums;
    channel_gradient(p->x->type, at(p->out, row, x), at(p->dy, row, x), at(p->y, row, x), at(p->x, row, x),
                     p->a, p->b, p->d, p->run, p->x->c);
}

static void run_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t rows = p->x->n * p->x->h, end = rows * (chunk + 1) / CHUNKS;
    double *sums = p->sums ? p->sums + 2 * p->x->c * chunk : NULL;
    for (size_t row = rows * chunk / CHUNKS; row < end; row++)
        for (size_t x = 0; x < p->x->w; x += p->run)
            p->stretch(p, sums, row, x);
}

static bool dense(const struct view *v)
{
    return !v || view_dense(v);
}

static void run_pass(struct pass *p,
                     void (*stretch)(const struct pass *p, double *sums, size_t row, size_t x))
{
    p->stretch = stretch;
    p->run = dense(p->x) && dense(p->y) && dense(p->dy) && dense(p->residual) && dense(p->out) ? p->x->w : 1;
    pool_run(CHUNKS, run_chunk, p);
}

/* Runs a summing pass; the totals land in p->sums[0 .. 2 * channels). */
static void run_sums(struct pass *p,
                     void (*stretch)(const struct pass *p, double *sums, size_t row, size_t x))
{
    const size_t n = 2 * p->x->c;
    p->sums = xcalloc(CHUNKS * n, sizeof *p->sums);
    run_pass(p, stretch);
    for (size_t i = 1; i < CHUNKS; i++)
        for (size_t c = 0; c < n; c++)
            p->sums[c] += p->sums[i * n + c];
}

/* The affine map of channel i for this mean and variance. */
static void set_map(float *scale, float *shift, const struct batchnorm *b, size_t i, double mean, double var)
{
    const double inverse = 1.0 / sqrt(var + epsilon);
    b->mean[i] = (float)mean;
    b->inverse[i] = (float)inverse;
    scale[i] = (float)(inverse * b->weight[i]);
    shift[i] = (float)(b->bias[i] - mean * inverse * b->weight[i]);
}

static void batch_statistics(struct pass *p, float *scale, float *shift, const struct batchnorm *b)
{
    const size_t c = b->channels;
    const double m = (double)(p->x->n * p->x->h * p->x->w);
    run_sums(p, sum);
    for (size_t i = 0; i < c; i++) {
        const double mean = p->sums[i] / m;
        const double var = fmax(p->sums[c + i] / m - mean * mean, 0);
        set_map(scale, shift, b, i, mean, var);
        b->running_mean[i] = (float)(0.9 * b->running_mean[i] + 0.1 * mean);
        b->running_var[i] = (float)(0.9 * b->running_var[i] + 0.1 * (m > 1 ? var * m / (m - 1) : var));
    }
}

void batchnorm_forward(const struct view *y, const struct view *x, const struct view *residual, bool relu,
                       const struct batchnorm *b)
{
    const size_t c = b->channels;
    float *scale = xmalloc(2 * c, sizeof *scale), *shift = scale + c;
    struct pass p = {.x = x, .residual = residual, .out = y, .relu = relu, .a = scale, .b = shift};
    for (size_t i = 0; b->fixed && i < c; i++)
        set_map(scale, shift, b, i, b->running_mean[i], b->running_var[i]);
    if (!b->fixed)
        batch_statistics(&p, scale, shift, b);
    run_pass(&p, affine);
    free(p.sums);
    free(scale);
}

/* dx = a * dz + b * x + d, with dz the gradient behind ReLU. */
static void set_gradient_map(float *map, const struct batchnorm *b, size_t i, double dz, double dz_xhat,
                             double m)
{
    const size_t c = b->channels;
    const double mean = b->mean[i], inverse = b->inverse[i], a = inverse * b->weight[i];
    map[i] = (float)a;
    map[c + i] = b->fixed ? 0 : (float)(-a * inverse * dz_xhat / m);
    map[2 * c + i] = b->fixed ? 0 : (float)(a * (inverse * mean * dz_xhat - dz) / m);
}

void batchnorm_backward(const struct view *dx, const struct view *d_residual, bool accumulate,
                        const struct view *dy, const struct view *y, const struct view *x,
                        const struct batchnorm *b)
{
    const size_t c = b->channels;
    float *map = xmalloc(3 * c, sizeof *map);
    struct pass p = {.x = x, .y = y, .dy = dy, .residual = d_residual, .accumulate = accumulate, .a = map};
    run_sums(&p, gradient_sum);
    for (size_t i = 0; i < c; i++) {
        const double mean = b->mean[i], inverse = b->inverse[i];
        const double dz = p.sums[i], dz_xhat = (p.sums[c + i] - mean * dz) * inverse;
        if (b->bias_gradient)
            b->bias_gradient[i] += (float)dz;
        if (b->weight_gradient)
            b->weight_gradient[i] += (float)dz_xhat;
        set_gradient_map(map, b, i, dz, dz_xhat, (double)(x->n * x->h * x->w));
    }
    p.out = dx;
    p.b = map + c;
    p.d = map + 2 * c;
    if (dx)
        run_pass(&p, gradient);
    free(p.sums);
    free(map);
}

void batchnorm_fold(float *scale, float *shift, float *const part[4], size_t channels)
{
    for (size_t c = 0; c < channels; c++) {
        const double factor = part[0][c] / sqrt((double)part[3][c] + epsilon);
        scale[c] = (float)factor;
        shift[c] = (float)((shift[c] - part[2][c]) * factor + part[1][c]);
    }
}

static size_t parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node)
{
    static const char *const suffix[] = {"weight", "bias", "running_mean", "running_var"};
    for (size_t i = 0; i < 4; i++) {
        part[i] = layer_part_of(node, suffix[i], (struct tensor){.rank = 1, .dim = {node->channels}});
        part[i].learnt = i < 2;
        part[i].running = i >= 2;
        part[i].positive = i == 3;
    }
    return 4;
}

/* The map that leaves its input as it is: weight and variance 1, bias and mean 0. */
static void draw(float *data, size_t n, size_t i, const struct graph_node *node, struct rng *r)
{
    (void)node;
    (void)r;
    for (size_t c = 0; c < n; c++)
        data[c] = i == 0 || i == 3 ? 1.0f : 0.0f;
}

static void wants(struct layer_wants *w, const struct layer_call *l)
{
    w->kept = l->training ? 2 * l->node->channels * sizeof(float) : 0;
}

static struct batchnorm batchnorm_of(const struct layer_call *l)
{
    float *kept = l->kept;
    return (struct batchnorm){.channels = l->node->channels,
                              .weight = l->part[0],
                              .bias = l->part[1],
                              .running_mean = l->part[2],
                              .running_var = l->part[3],
                              .weight_gradient = l->d_part[0],
                              .bias_gradient = l->d_part[1],
                              .mean = kept,
                              .inverse = kept + l->node->channels,
                              .fixed = l->fixed_statistics};
}

static void forward(const struct layer_call *l)
{
    if (!l->training) {
        pointwise_forward(&l->out, &l->in[0], l->scale, l->shift, l->residual, l->relu);
        return;
    }
    const struct batchnorm b = batchnorm_of(l);
    batchnorm_forward(&l->out, &l->in[0], l->residual, l->relu, &b);
}

static void backward(const struct layer_call *l)
{
    const struct batchnorm b = batchnorm_of(l);
    batchnorm_backward(l->d_in[0].data ? &l->d_in[0] : NULL, l->d_residual, l->accumulate_residual, &l->d_out,
                       l->relu ? &l->out : NULL, &l->in[0], &b);
}

const struct layer layer_batchnorm = {.name = "batch norm",
                                      .parts = parts,
                                      .draw = draw,
                                      .wants = wants,
                                      .forward = forward,
                                      .backward = backward,
                                      .keeps_input = true};

size_t graph_batchnorm(struct graph *g, size_t x, const char *name)
{
    return graph_append(g, graph_unary(g, &layer_batchnorm, x), name);
}
