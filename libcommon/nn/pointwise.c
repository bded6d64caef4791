#include "nn/pointwise.h"
#include "base/thread.h"

struct pointwise {
    const struct view *out, *in, *residual;
    const float *scale, *shift;
    bool relu;
};

static float get(const void *pixel, size_t c, enum dtype type)
{
    return type == DT_BF16 ? bf16_to_f32(((const uint16_t *)pixel)[c]) : ((const float *)pixel)[c];
}

static void put(void *pixel, size_t c, enum dtype type, float x)
{
    if (type == DT_BF16)
        ((uint16_t *)pixel)[c] = f32_to_bf16(x);
    else
        ((float *)pixel)[c] = x;
}

static void pixel(void *out, const void *in, const void *residual, const struct pointwise *p)
{
    for (size_t c = 0; c < p->in->c; c++) {
        float x = get(in, c, p->in->type);
        if (p->scale)
            x *= p->scale[c];
        if (p->shift)
            x += p->shift[c];
        if (residual)
            x += get(residual, c, p->residual->type);
        put(out, c, p->out->type, p->relu && !(x > 0.0f) ? 0.0f : x);
    }
}

static void row(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct pointwise *p = arg;
    const size_t n = task / p->in->h;
    const ptrdiff_t y = (ptrdiff_t)(task % p->in->h);
    for (ptrdiff_t x = 0; x < (ptrdiff_t)p->in->w; x++)
        pixel(view_pixel(p->out, n, y, x), view_pixel(p->in, n, y, x),
              p->residual ? view_pixel(p->residual, n, y, x) : NULL, p);
}

void pointwise_forward(const struct view *out, const struct view *in, const float *scale, const float *shift,
                       const struct view *residual, bool relu)
{
    struct pointwise p = {out, in, residual, scale, shift, relu};
    pool_run(in->n * in->h, row, &p);
}
