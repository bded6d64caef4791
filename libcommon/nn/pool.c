#include "nn/pool.h"
#include "base/mem.h"
#include "base/thread.h"
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct maxpool {
    const struct view *out, *in;
    size_t kernel, stride, padding;
};

static void maximum(float *out, const float *in, size_t c)
{
    for (size_t i = 0; i < c; i++)
        out[i] = in[i] > out[i] ? in[i] : out[i];
}

static void maxpool_pixel(const struct maxpool *m, size_t n, size_t oy, size_t ox)
{
    const struct view *in = m->in;
    float *out = view_at(m->out, n, (ptrdiff_t)oy, (ptrdiff_t)ox);
    for (size_t i = 0; i < in->c; i++)
        out[i] = -INFINITY;
    for (size_t ky = 0; ky < m->kernel; ky++)
        for (size_t kx = 0; kx < m->kernel; kx++) {
            const size_t y = oy * m->stride + ky - m->padding, x = ox * m->stride + kx - m->padding;
            if (y < in->h && x < in->w) /* below zero wraps to far above */
                maximum(out, view_at(in, n, (ptrdiff_t)y, (ptrdiff_t)x), in->c);
        }
}

static void maxpool_row(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct maxpool *m = arg;
    for (size_t x = 0; x < m->out->w; x++)
        maxpool_pixel(m, task / m->out->h, task % m->out->h, x);
}

void maxpool_forward(const struct view *out, const struct view *in, size_t kernel, size_t stride,
                     size_t padding)
{
    struct maxpool m = {out, in, kernel, stride, padding};
    pool_run(out->n * out->h, maxpool_row, &m);
}

void meanpool_forward(const struct view *out, const struct view *in)
{
    double *sum = xmalloc(in->c, sizeof *sum);
    const double pixels = (double)(in->h * in->w);
    for (size_t n = 0; n < in->n; n++) {
        memset(sum, 0, in->c * sizeof *sum);
        for (size_t y = 0; y < in->h; y++)
            for (size_t x = 0; x < in->w; x++)
                for (size_t c = 0; c < in->c; c++)
                    sum[c] += view_at(in, n, (ptrdiff_t)y, (ptrdiff_t)x)[c];
        for (size_t c = 0; c < in->c; c++)
            view_at(out, n, 0, 0)[c] = (float)(sum[c] / pixels);
    }
    free(sum);
}

struct maxpool_gradient {
    const struct view *dx, *dy, *in;
    size_t kernel, stride, padding;
};

enum { BLOCK = 64 }; /* channels looked at together */

/* For channels [0, count) of one window: the first tap that holds the largest value. */
static void first_largest(unsigned *tap, const struct maxpool_gradient *g, size_t n, size_t oy, size_t ox,
                          size_t channel, size_t count)
{
    float best[BLOCK];
    for (size_t c = 0; c < BLOCK; c++) {
        best[c] = -INFINITY;
        tap[c] = UINT_MAX;
    }
    for (unsigned t = 0; t < g->kernel * g->kernel; t++) {
        const size_t y = oy * g->stride + t / g->kernel - g->padding,
                     x = ox * g->stride + t % g->kernel - g->padding;
        if (y >= g->in->h || x >= g->in->w)
            continue;
        const float *in = view_at(g->in, n, (ptrdiff_t)y, (ptrdiff_t)x) + channel;
        for (size_t c = 0; c < count; c++) {
            const bool larger = in[c] > best[c] || tap[c] == UINT_MAX;
            best[c] = larger ? in[c] : best[c];
            tap[c] = larger ? t : tap[c];
        }
    }
}

static void maxpool_gradient_pixel(const struct maxpool_gradient *g, size_t n, size_t oy, size_t ox)
{
    const float *dy = view_at(g->dy, n, (ptrdiff_t)oy, (ptrdiff_t)ox);
    unsigned tap[BLOCK];
    for (size_t from = 0; from < g->in->c; from += BLOCK) {
        const size_t count = g->in->c - from < BLOCK ? g->in->c - from : BLOCK;
        first_largest(tap, g, n, oy, ox, from, count);
        for (size_t c = 0; c < count; c++) {
            const ptrdiff_t y = (ptrdiff_t)(oy * g->stride + tap[c] / g->kernel - g->padding);
            const ptrdiff_t x = (ptrdiff_t)(ox * g->stride + tap[c] % g->kernel - g->padding);
            view_at(g->dx, n, y, x)[from + c] += dy[from + c];
        }
    }
}

static void maxpool_gradient_image(void *arg, size_t n, size_t worker)
{
    (void)worker;
    const struct maxpool_gradient *g = arg;
    for (size_t y = 0; y < g->dx->h; y++)
        memset(view_at(g->dx, n, (ptrdiff_t)y, 0), 0, g->dx->w * g->dx->c * sizeof(float));
    for (size_t y = 0; y < g->dy->h; y++)
        for (size_t x = 0; x < g->dy->w; x++)
            maxpool_gradient_pixel(g, n, y, x);
}

void maxpool_backward(const struct view *dx, const struct view *dy, const struct view *in, size_t kernel,
                      size_t stride, size_t padding)
{
    struct maxpool_gradient g = {dx, dy, in, kernel, stride, padding};
    pool_run(dx->n, maxpool_gradient_image, &g);
}

void meanpool_backward(const struct view *dx, const struct view *dy)
{
    const float share = 1.0f / (float)(dx->h * dx->w);
    for (size_t n = 0; n < dx->n; n++)
        for (size_t y = 0; y < dx->h; y++)
            for (size_t x = 0; x < dx->w; x++)
                for (size_t c = 0; c < dx->c; c++)
                    view_at(dx, n, (ptrdiff_t)y, (ptrdiff_t)x)[c] = view_at(dy, n, 0, 0)[c] * share;
}
