#include "nn/convolution.h"
#include "base/err.h"
#include <string.h>

size_t convolution_side(const struct convolution *c, size_t side)
{
    if (side + 2 * c->padding < c->kernel)
        die("an image side of %zu is too small for a %zu x %zu convolution", side, c->kernel, c->kernel);
    return (side + 2 * c->padding - c->kernel) / c->stride + 1;
}

size_t convolution_depth(const struct convolution *c)
{
    return c->kernel * c->kernel * c->in_channels;
}

/* Where weight (out, in, tap) lies in the panels; a tap is ky * kernel + kx. */
static size_t packed_at(size_t out, size_t in, size_t tap, const struct convolution *c)
{
    const size_t k = tap * c->in_channels + in;
    return (out / CONV_PANEL * convolution_depth(c) + k) * CONV_PANEL + out % CONV_PANEL;
}

void convolution_pack(float *packed, const float *weight, const struct convolution *c)
{
    const size_t taps = c->kernel * c->kernel;
    memset(packed, 0, conv_packed_size(convolution_depth(c), c->out_channels) * sizeof *packed);
    for (size_t o = 0; o < c->out_channels; o++)
        for (size_t i = 0; i < c->in_channels; i++)
            for (size_t t = 0; t < taps; t++)
                packed[packed_at(o, i, t, c)] = weight[(o * c->in_channels + i) * taps + t];
}

void convolution_scale(float *packed, const float *scale, size_t depth, size_t channels)
{
    for (size_t o = 0; o < channels; o++)
        for (size_t k = 0; k < depth; k++)
            packed[(o / CONV_PANEL * depth + k) * CONV_PANEL + o % CONV_PANEL] *= scale[o];
}

void convolution_unpack(float *weight, const float *packed, const struct convolution *c)
{
    const size_t taps = c->kernel * c->kernel;
    for (size_t o = 0; o < c->out_channels; o++)
        for (size_t i = 0; i < c->in_channels; i++)
            for (size_t t = 0; t < taps; t++)
                weight[(o * c->in_channels + i) * taps + t] = packed[packed_at(o, i, t, c)];
}

void convolution_segments(struct conv_walk *walk, const struct view *in, size_t rows, size_t columns)
{
    const size_t across = view_dense(in) || !columns ? 1 : columns, length = columns / across * in->c;
    walk->segments = rows * across;
    for (size_t s = 0; s < walk->segments; s++)
        walk->segment[s] = (struct conv_segment){
            (ptrdiff_t)(s / across) * view_row(in) + (ptrdiff_t)(s % across * view_step(in)), length};
}

struct conv_walk convolution_walk(const struct view *out, const struct view *in, const struct convolution *c)
{
    const ptrdiff_t stride = (ptrdiff_t)c->stride;
    struct conv_walk walk = {
        .in = in->type,
        .out = out->type,
        .n = out->n,
        .h = out->h,
        .w = out->w,
        .in_step = {view_image(in), stride * view_row(in), stride * (ptrdiff_t)view_step(in)},
        .out_step = {view_image(out), view_row(out), (ptrdiff_t)view_step(out)},
        .channels = c->out_channels,
    };
    convolution_segments(&walk, in, c->kernel, c->kernel);
    return walk;
}

struct conv_epilogue convolution_walk_epilogue(const struct convolution_epilogue *epilogue)
{
    const struct view *r = epilogue->residual;
    if (!r)
        return (struct conv_epilogue){.bias = epilogue->bias, .relu = epilogue->relu};
    return (struct conv_epilogue){.bias = epilogue->bias,
                                  .residual = view_pixel(r, 0, 0, 0),
                                  .residual_step = {view_image(r), view_row(r), (ptrdiff_t)view_step(r)},
                                  .relu = epilogue->relu};
}

void convolution_forward_scaled(const struct view *out, const struct view *in, const void *packed,
                                const struct convolution_epilogue *epilogue, const float *scale,
                                const struct convolution *c)
{
    const struct conv_walk walk = convolution_walk(out, in, c);
    const ptrdiff_t corner = -(ptrdiff_t)c->padding;
    struct conv_epilogue e = convolution_walk_epilogue(epilogue);
    e.scale = scale;
    conv_run(view_pixel(out, 0, 0, 0), view_pixel(in, 0, corner, corner), packed, &e, &walk);
}

void convolution_forward(const struct view *out, const struct view *in, const void *packed,
                         const struct convolution_epilogue *epilogue, const struct convolution *c)
{
    convolution_forward_scaled(out, in, packed, epilogue, NULL, c);
}

static double dot(const struct view *in, size_t n, ptrdiff_t y, ptrdiff_t x, const float *weight,
                  const struct convolution *c)
{
    const ptrdiff_t kernel = (ptrdiff_t)c->kernel;
    double sum = 0;
    for (ptrdiff_t ky = 0; ky < kernel; ky++)
        for (ptrdiff_t kx = 0; kx < kernel; kx++) {
            if (y + ky < 0 || y + ky >= (ptrdiff_t)in->h || x + kx < 0 || x + kx >= (ptrdiff_t)in->w)
                continue;
            const float *pixel = view_at(in, n, y + ky, x + kx);
            for (size_t i = 0; i < c->in_channels; i++)
                sum += (double)pixel[i] * weight[(ptrdiff_t)i * kernel * kernel + ky * kernel + kx];
        }
    return sum;
}

void convolution_forward_naive(const struct view *out, const struct view *in, const float *weight,
                               const struct convolution *c)
{
    const ptrdiff_t stride = (ptrdiff_t)c->stride, padding = (ptrdiff_t)c->padding;
    for (size_t n = 0; n < out->n; n++)
        for (ptrdiff_t y = 0; y < (ptrdiff_t)out->h; y++)
            for (ptrdiff_t x = 0; x < (ptrdiff_t)out->w; x++)
                for (size_t o = 0; o < c->out_channels; o++)
                    view_at(out, n, y, x)[o] = (float)dot(in, n, y * stride - padding, x * stride - padding,
                                                          weight + o * convolution_depth(c), c);
}
