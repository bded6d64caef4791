#include "nn/pool.h"
#include "base/mem.h"
#include "base/thread.h"
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
    size_t taps = 0;
    for (size_t ky = 0; ky < m->kernel; ky++)
        for (size_t kx = 0; kx < m->kernel; kx++) {
            const size_t y = oy * m->stride + ky - m->padding, x = ox * m->stride + kx - m->padding;
            if (y < v->h && x < v->w) /* below zero wraps to far above */
                tap[taps++] = view_pixel(v, n, (ptrdiff_t)y, (ptrdiff_t)x);
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
    for (size_t y = 0; y < m->dx->h; y++)
        memset(view_pixel(m->dx, n, (ptrdiff_t)y, 0), 0, m->dx->w * m->dx->c * dtype_size(m->dx->type));
    for (size_t y = 0; y < m->dy->h; y++)
        for (size_t x = 0; x < m->dy->w; x++) {
            const size_t taps = window(tap, m, m->in, n, y, x);
            window(gradient, m, m->dx, n, y, x);
            channel_largest_gradient(m->in->type, gradient, view_pixel(m->dy, n, (ptrdiff_t)y, (ptrdiff_t)x),
                                     (const void *const *)tap, taps, m->in->c);
        }
}

void maxpool_backward(const struct view *dx, const struct view *dy, const struct view *in, size_t kernel,
                      size_t stride, size_t padding)
{
    struct maxpool m = {.in = in, .dx = dx, .dy = dy, .kernel = kernel, .stride = stride, .padding = padding};
    pool_run(dx->n, maxpool_gradient_image, &m);
}

void meanpool_forward(const struct view *out, const struct view *in)
{
    double *sum = xmalloc(2 * in->c, sizeof *sum), *squares = sum + in->c;
    const double pixels = (double)(in->h * in->w);
    for (size_t n = 0; n < in->n; n++) {
        memset(sum, 0, 2 * in->c * sizeof *sum);
        for (size_t y = 0; y < in->h; y++)
            channel_sums(in->type, sum, squares, view_pixel(in, n, (ptrdiff_t)y, 0), in->w, in->c);
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
