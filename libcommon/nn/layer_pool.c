/* Pooling layers. */
#include "nn/layer_pool.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/thread.h"
#include "nn/layer.h"
#include "num/bf16.h"
#include "num/channel.h"
#include <stdlib.h>
#include <string.h>

enum { TAPS_MAX = 64 };

/* dx and dy only on the way back. */
struct maxpool {
    const struct view *out, *in, *dx, *dy;
    size_t kernel, stride, padding;
};

/* The taps of one window that lie inside the image: pixels of v. Returns how many. */
static size_t window(void *tap[TAPS_MAX], const struct maxpool *m, const struct view *v, size_t n, size_t oy,
                     size_t ox)
{
    const ptrdiff_t padding = (ptrdiff_t)m->padding;
    size_t taps = 0;
    for (size_t ky = 0; ky < m->kernel; ky++)
        for (size_t kx = 0; kx < m->kernel; kx++) {
            const ptrdiff_t y = (ptrdiff_t)(oy * m->stride + ky) - padding;
            const ptrdiff_t x = (ptrdiff_t)(ox * m->stride + kx) - padding;
            if (y >= 0 && y < (ptrdiff_t)v->h && x >= 0 && x < (ptrdiff_t)v->w)
                tap[taps++] = view_pixel(v, n, y, x);
        }
    return taps;
}

static void maxpool_row(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct maxpool *m = arg;
    const size_t n = task / m->out->h, y = task % m->out->h;
    void *tap[TAPS_MAX];
    for (size_t x = 0; x < m->out->w; x++) {
        void *out = view_pixel(m->out, n, (ptrdiff_t)y, (ptrdiff_t)x);
        const size_t taps = window(tap, m, m->in, n, y, x);
        memcpy(out, tap[0], m->in->c * dtype_size(m->in->type));
        for (size_t t = 1; t < taps; t++)
            channel_largest(m->in->type, out, tap[t], m->in->c);
    }
}

void maxpool_forward(const struct view *out, const struct view *in, size_t kernel, size_t stride,
                     size_t padding)
{
    struct maxpool m = {.out = out, .in = in, .kernel = kernel, .stride = stride, .padding = padding};
    pool_run(out->n * out->h, maxpool_row, &m);
}

static void maxpool_gradient_image(void *arg, size_t n, size_t worker)
{
    (void)worker;
    const struct maxpool *m = arg;
    void *tap[TAPS_MAX], *gradient[TAPS_MAX];
    for (size_t y = 0; y < m->dy->h; y++)
        for (size_t x = 0; x < m->dy->w; x++) {
            const size_t taps = window(tap, m, m->in, n, y, x);
            window(gradient, m, m->dx, n, y, x);
            channel_largest_gradient(m->in->type, gradient, view_pixel(m->dy, n, (ptrdiff_t)y, (ptrdiff_t)x),
                                     (const void *const *)tap, taps, m->in->c);
        }
}

void maxpool_backward(const struct view *dx, bool accumulate, const struct view *dy, const struct view *in,
                      size_t kernel, size_t stride, size_t padding)
{
    struct maxpool m = {.in = in, .dx = dx, .dy = dy, .kernel = kernel, .stride = stride, .padding = padding};
    if (!accumulate)
        view_clear(dx);
    pool_run(dx->n, maxpool_gradient_image, &m);
}

void meanpool_forward(const struct view *out, const struct view *in)
{
    double *sum = xmalloc(2 * in->c, sizeof *sum), *squares = sum + in->c;
    const double pixels = (double)(in->h * in->w);
    const size_t run = view_dense(in) ? in->w : 1;
    for (size_t n = 0; n < in->n; n++) {
        memset(sum, 0, 2 * in->c * sizeof *sum);
        for (size_t y = 0; y < in->h; y++)
            for (size_t x = 0; x < in->w; x += run)
                channel_sums(in->type, sum, squares, view_pixel(in, n, (ptrdiff_t)y, (ptrdiff_t)x), run,
                             in->c);
        for (size_t c = 0; c < in->c; c++)
            view_at(out, n, 0, 0)[c] = (float)(sum[c] / pixels);
    }
    free(sum);
}

void meanpool_backward(const struct view *dx, const struct view *dy)
{
    const float share = 1.0f / (float)(dx->h * dx->w);
    float *pixel = xmalloc(dx->c, sizeof *pixel);
    for (size_t n = 0; n < dx->n; n++) {
        for (size_t c = 0; c < dx->c; c++)
            pixel[c] = view_at(dy, n, 0, 0)[c] * share;
        for (size_t y = 0; y < dx->h; y++)
            for (size_t x = 0; x < dx->w; x++) {
                void *to = view_pixel(dx, n, (ptrdiff_t)y, (ptrdiff_t)x);
                if (dx->type == DT_BF16)
                    bf16_narrow(to, pixel, dx->c);
                else
                    memcpy(to, pixel, dx->c * sizeof *pixel);
            }
    }
    free(pixel);
}

static void maxpool_sides(size_t out[2], const struct graph_node *node, const size_t (*in)[2])
{
    out[0] = convolution_side(&node->conv, in[0][0]);
    out[1] = convolution_side(&node->conv, in[0][1]);
}

static void forward_max(const struct layer_call *l)
{
    const struct convolution *c = &l->node->conv;
    maxpool_forward(&l->out, &l->in[0], c->kernel, c->stride, c->padding);
}

static void backward_max(const struct layer_call *l)
{
    const struct convolution *c = &l->node->conv;
    maxpool_backward(&l->d_in[0], l->accumulate[0], &l->d_out, &l->in[0], c->kernel, c->stride, c->padding);
}

static void meanpool_sides(size_t out[2], const struct graph_node *node, const size_t (*in)[2])
{
    (void)node;
    (void)in;
    out[0] = out[1] = 1;
}

static void forward_mean(const struct layer_call *l)
{
    meanpool_forward(&l->out, &l->in[0]);
}

static void backward_mean(const struct layer_call *l)
{
    meanpool_backward(&l->d_in[0], &l->d_out);
}

static const struct layer layer_maxpool = {.name = "max pool",
                                           .sides = maxpool_sides,
                                           .forward = forward_max,
                                           .backward = backward_max,
                                           .accumulates = true,
                                           .keeps_input = true,
                                           .selects = true};
/* A mean over many pixels and what is made of it are few numbers, and worth their precision. */
static const struct layer layer_meanpool = {.name = "mean pool",
                                            .sides = meanpool_sides,
                                            .forward = forward_mean,
                                            .backward = backward_mean,
                                            .casts_f32 = true};

size_t graph_maxpool(struct graph *g, size_t x, size_t kernel, size_t stride, size_t padding)
{
    struct graph_node node = graph_unary(g, &layer_maxpool, x);
    if (kernel * kernel > TAPS_MAX)
        die("a max pool of %zu x %zu: at most 8 x 8 is possible", kernel, kernel);
    node.conv = (struct convolution){node.channels, node.channels, kernel, stride, padding};
    return graph_append(g, node, "");
}

size_t graph_meanpool(struct graph *g, size_t x)
{
    return graph_append(g, graph_unary(g, &layer_meanpool, x), "");
}
