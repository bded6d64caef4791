#include "nn/quantised.h"
#include "base/thread.h"
#include "num/quantise.h"
#include <string.h>

/* A filter: the scales of whole panels of channels, then their weights. */
static size_t scales_bytes(const struct convolution *c)
{
    return conv_packed_size(1, c->out_channels) * sizeof(float);
}

size_t quantised_bytes(const struct convolution *c)
{
    return scales_bytes(c) + conv_bytes_size(convolution_depth(c), c->out_channels);
}

void quantised_pack(void *filter, const float *panels, const struct convolution *c)
{
    conv_quantise((int8_t *)filter + scales_bytes(c), filter, panels, convolution_depth(c), c->out_channels);
}

/* One image as bytes with a frame of `padding`, a scale for each output channel, and a number a row. */
static struct view bytes_view(const struct convolution *c, size_t h, size_t w, void *data)
{
    return (struct view){data, 1, h, w, c->in_channels, c->padding, DT_U8, 0};
}

static size_t image_bytes(const struct view *bytes)
{
    return (view_bytes(bytes) + 63) / 64 * 64;
}

size_t quantised_scratch(const struct convolution *c, size_t h, size_t w)
{
    const struct view bytes = bytes_view(c, h, w, NULL);
    return image_bytes(&bytes) + scales_bytes(c) + h * sizeof(float);
}

struct quantising {
    const struct view *in, *bytes;
    size_t image;
    float *largest, inverse;
};

static void find_largest(void *arg, size_t y, size_t worker)
{
    (void)worker;
    const struct quantising *q = arg;
    q->largest[y] = quantise_largest(view_pixel(q->in, q->image, (ptrdiff_t)y, 0), q->in->w * q->in->c);
}

static void quantise_image_row(void *arg, size_t y, size_t worker)
{
    (void)worker;
    const struct quantising *q = arg;
    quantise_row(view_pixel(q->bytes, 0, (ptrdiff_t)y, 0), view_pixel(q->in, q->image, (ptrdiff_t)y, 0),
                 q->inverse, q->in->w * q->in->c);
}

/* Rounds an image to bytes; returns its scale. */
static float quantise_image(struct quantising *q)
{
    float most = 0;
    pool_run(q->in->h, find_largest, q);
    for (size_t y = 0; y < q->in->h; y++)
        most = q->largest[y] > most ? q->largest[y] : most;
    q->inverse = most > 0 ? 255 / most : 0;
    pool_run(q->in->h, quantise_image_row, q);
    return most / 255;
}

static struct view image_of(const struct view *v, size_t n)
{
    struct view one = *v;
    one.data = (char *)v->data + n * (view_bytes(v) / v->n);
    one.n = 1;
    return one;
}

void quantised_forward(const struct view *out, const struct view *in, const void *filter,
                       const struct convolution_epilogue *epilogue, const struct convolution *c,
                       void *scratch)
{
    const struct view bytes = bytes_view(c, in->h, in->w, scratch);
    const size_t channels = scales_bytes(c) / sizeof(float);
    const float *weights = filter;
    float *scale = (void *)((char *)scratch + image_bytes(&bytes)), *largest = scale + channels;
    struct quantising q = {.in = in, .bytes = &bytes, .largest = largest};
    view_clear_halo(&bytes);
    for (q.image = 0; q.image < in->n; q.image++) {
        const struct view one = image_of(out, q.image);
        const struct view residual = epilogue->residual ? image_of(epilogue->residual, q.image) : one;
        const struct convolution_epilogue e = {epilogue->bias, epilogue->residual ? &residual : NULL,
                                               epilogue->relu};
        const float step = quantise_image(&q);
        for (size_t i = 0; i < channels; i++)
            scale[i] = step * weights[i];
        convolution_forward_scaled(&one, &bytes, (const int8_t *)filter + scales_bytes(c), &e, scale, c);
    }
}
