#include "nn/pool.h"
#include "base/mem.h"
#include "base/thread.h"
#include <math.h>
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
