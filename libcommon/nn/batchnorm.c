#include "nn/batchnorm.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/channel.h"
#include <math.h>
#include <stdlib.h>

/* Rows of pixels are summed in this many chunks whatever the number of threads, and the chunks in order. */
enum { CHUNKS = 32 };

struct pass {
    const struct view *x, *y, *dy, *residual, *out; /* what a pass reads and writes; NULL where it does not */
    bool relu, accumulate;
    double *sums; /* CHUNKS x 2 x channels */
    const float *a, *b, *d;
};

static void *row_of(const struct view *v, size_t row)
{
    return v ? view_pixel(v, row / v->h, (ptrdiff_t)(row % v->h), 0) : NULL;
}

static size_t chunk_begin(const struct view *v, size_t chunk)
{
    return v->n * v->h * chunk / CHUNKS;
}

static void sum_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t c = p->x->c;
    double *sums = p->sums + 2 * c * chunk;
    for (size_t r = chunk_begin(p->x, chunk); r < chunk_begin(p->x, chunk + 1); r++)
        channel_sums(p->x->type, sums, sums + c, row_of(p->x, r), p->x->w, c);
}

static void affine_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    for (size_t r = chunk_begin(p->x, chunk); r < chunk_begin(p->x, chunk + 1); r++)
        channel_affine(p->x->type, row_of(p->out, r), row_of(p->x, r), p->a, p->b, row_of(p->residual, r),
                       p->relu, p->x->w, p->x->c);
}

static void gradient_sum_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    const size_t c = p->x->c;
    double *sums = p->sums + 2 * c * chunk;
    for (size_t r = chunk_begin(p->x, chunk); r < chunk_begin(p->x, chunk + 1); r++)
        channel_gradient_sums(p->x->type, sums, sums + c, row_of(p->residual, r), p->accumulate,
                              row_of(p->dy, r), row_of(p->y, r), row_of(p->x, r), p->x->w, c);
}

static void gradient_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct pass *p = arg;
    for (size_t r = chunk_begin(p->x, chunk); r < chunk_begin(p->x, chunk + 1); r++)
        channel_gradient(p->x->type, row_of(p->out, r), row_of(p->dy, r), row_of(p->y, r), row_of(p->x, r),
                         p->a, p->b, p->d, p->x->w, p->x->c);
}

/* Runs a summing pass; the totals land in p->sums[0 .. 2 * channels). */
static void run_sums(struct pass *p, void (*chunk)(void *, size_t, size_t))
{
    const size_t n = 2 * p->x->c;
    p->sums = xcalloc(CHUNKS * n, sizeof *p->sums);
    pool_run(CHUNKS, chunk, p);
    for (size_t i = 1; i < CHUNKS; i++)
        for (size_t c = 0; c < n; c++)
            p->sums[c] += p->sums[i * n + c];
}

void batchnorm_forward(const struct view *y, const struct view *x, const struct view *residual, bool relu,
                       const struct batchnorm *b)
{
    const size_t c = b->channels;
    const double m = (double)(x->n * x->h * x->w);
    float *scale = xmalloc(2 * c, sizeof *scale), *shift = scale + c;
    struct pass p = {.x = x, .residual = residual, .out = y, .relu = relu, .a = scale, .b = shift};
    run_sums(&p, sum_chunk);
    for (size_t i = 0; i < c; i++) {
        const double mean = p.sums[i] / m;
        const double var = fmax(p.sums[c + i] / m - mean * mean, 0);
        const double inverse = 1.0 / sqrt(var + 1e-5);
        b->mean[i] = (float)mean;
        b->inverse[i] = (float)inverse;
        scale[i] = (float)(inverse * b->weight[i]);
        shift[i] = (float)(b->bias[i] - mean * inverse * b->weight[i]);
        b->running_mean[i] = (float)(0.9 * b->running_mean[i] + 0.1 * mean);
        b->running_var[i] = (float)(0.9 * b->running_var[i] + 0.1 * (m > 1 ? var * m / (m - 1) : var));
    }
    pool_run(CHUNKS, affine_chunk, &p);
    free(p.sums);
    free(scale);
}

/* dx = inverse * weight * (dz - mean(dz) - xhat * mean(dz * xhat)), written as a * dz + b * x + d. */
void batchnorm_backward(const struct view *dx, const struct view *d_residual, bool accumulate,
                        const struct view *dy, const struct view *y, const struct view *x,
                        const struct batchnorm *b)
{
    const size_t c = b->channels;
    const double m = (double)(x->n * x->h * x->w);
    float *coefficient = xmalloc(3 * c, sizeof *coefficient);
    struct pass p = {.x = x,
                     .y = y,
                     .dy = dy,
                     .residual = d_residual,
                     .accumulate = accumulate,
                     .out = dx,
                     .a = coefficient,
                     .b = coefficient + c,
                     .d = coefficient + 2 * c};
    run_sums(&p, gradient_sum_chunk);
    for (size_t i = 0; i < c; i++) {
        const double mean = b->mean[i], inverse = b->inverse[i];
        const double dz = p.sums[i], dz_xhat = (p.sums[c + i] - mean * dz) * inverse;
        const double a = inverse * b->weight[i];
        b->bias_gradient[i] += (float)dz;
        b->weight_gradient[i] += (float)dz_xhat;
        coefficient[i] = (float)a;
        coefficient[c + i] = (float)(-a * inverse * dz_xhat / m);
        coefficient[2 * c + i] = (float)(a * (inverse * mean * dz_xhat - dz) / m);
    }
    pool_run(CHUNKS, gradient_chunk, &p);
    free(p.sums);
    free(coefficient);
}
