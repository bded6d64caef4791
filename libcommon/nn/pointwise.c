#include "nn/pointwise.h"
#include "base/thread.h"

struct pointwise {
    const struct view *out, *in, *residual;
    const float *scale, *shift;
    bool relu;
};

static void pixel(float *out, const float *in, const float *residual, const struct pointwise *p)
{
    for (size_t c = 0; c < p->in->c; c++) {
        float x = in[c];
        if (p->scale)
            x *= p->scale[c];
        if (p->shift)
            x += p->shift[c];
        if (residual)
            x += residual[c];
        out[c] = p->relu && !(x > 0.0f) ? 0.0f : x;
    }
}

static void row(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct pointwise *p = arg;
    const size_t n = task / p->in->h;
    const ptrdiff_t y = (ptrdiff_t)(task % p->in->h);
    for (ptrdiff_t x = 0; x < (ptrdiff_t)p->in->w; x++)
        pixel(view_at(p->out, n, y, x), view_at(p->in, n, y, x),
              p->residual ? view_at(p->residual, n, y, x) : NULL, p);
}

void pointwise_forward(const struct view *out, const struct view *in, const float *scale, const float *shift,
                       const struct view *residual, bool relu)
{
    struct pointwise p = {out, in, residual, scale, shift, relu};
    pool_run(in->n * in->h, row, &p);
}
