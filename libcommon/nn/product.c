#include "nn/product.h"
#include "base/size.h"
#include "nn/quantised.h"
#include "num/cpu.h"
#include "conv/winograd.h"
#include <string.h>

static bool is_winograd(const struct convolution *c, enum dtype type)
{
    return c->kernel == 3 && c->stride == 1 && c->padding == 1 &&
           winograd_pays(c->in_channels, c->out_channels, type);
}

enum product_way product_way(const struct convolution *c, enum dtype type)
{
    if (is_winograd(c, type == DT_I8 ? DT_BF16 : type))
        return PRODUCT_WINOGRAD;
    return type == DT_I8 && cpu_level() < CPU_AMX ? PRODUCT_BYTES : PRODUCT_DIRECT;
}

/* The type that the direct and Winograd's kernels read. */
static enum dtype read_type(enum dtype type)
{
    return type == DT_I8 ? DT_BF16 : type;
}

size_t product_bytes(const struct convolution *c, enum dtype type)
{
    const size_t depth = convolution_depth(c);
    switch (product_way(c, type)) {
    case PRODUCT_WINOGRAD:
        return winograd_packed_bytes(c->in_channels, c->out_channels, read_type(type));
    case PRODUCT_BYTES:
        return quantised_bytes(c);
    case PRODUCT_DIRECT:
        break;
    }
    return type == DT_F32 ? conv_packed_size(depth, c->out_channels) * sizeof(float)
                          : conv_narrow_size(depth, c->out_channels) * sizeof(uint32_t);
}

bool product_reads_panels(const struct convolution *c, enum dtype type)
{
    return type == DT_F32 && product_way(c, type) == PRODUCT_DIRECT;
}

void product_pack(void *weights, const float *panels, const struct convolution *c, enum dtype type)
{
    const enum product_way way = product_way(c, type);
    if (way == PRODUCT_WINOGRAD)
        winograd_pack(weights, panels, c->in_channels, c->out_channels, read_type(type));
    else if (way == PRODUCT_BYTES)
        quantised_pack(weights, panels, c);
    else if (type == DT_F32)
        memcpy(weights, panels, product_bytes(c, type));
    else
        conv_narrow(weights, panels, convolution_depth(c), c->out_channels);
}

size_t product_scratch(const struct convolution *c, enum dtype type, size_t h, size_t w)
{
    switch (product_way(c, type)) {
    case PRODUCT_WINOGRAD:
        return winograd_scratch_bytes(c->in_channels, read_type(type));
    case PRODUCT_BYTES:
        return quantised_scratch(c, h, w);
    case PRODUCT_DIRECT:
        break;
    }
    return 0;
}

/* Winograd's kernels take the channels of a pixel from one segment, wherever the pixels lie. */
static struct conv_walk winograd_walk(const struct view *out, const struct view *in,
                                      const struct convolution *c)
{
    struct conv_walk walk = convolution_walk(out, in, c);
    walk.segments = 3;
    walk.segment[0].length = 3 * c->in_channels;
    return walk;
}

void product_forward(const struct view *out, const struct view *in, const void *weights,
                     const struct convolution_epilogue *epilogue, const struct convolution *c,
                     enum dtype type, void *scratch)
{
    const enum product_way way = product_way(c, type);
    if (way == PRODUCT_BYTES) {
        quantised_forward(out, in, weights, epilogue, c, scratch);
    } else if (way == PRODUCT_DIRECT) {
        convolution_forward(out, in, weights, epilogue, c);
    } else {
        const struct conv_walk walk = winograd_walk(out, in, c);
        const struct conv_epilogue e = convolution_walk_epilogue(epilogue);
        winograd_run(view_pixel(out, 0, 0, 0), view_pixel(in, 0, -1, -1), weights, &e, &walk, scratch);
    }
}

static bool gradient_is_winograd(const struct convolution *c, const struct view *dy)
{
    return is_winograd(c, dy->type) && winograd_gradient_pays(dy->n, dy->h, dy->w);
}

size_t product_gradient_scratch(const struct convolution *c, const struct view *dy)
{
    return gradient_is_winograd(c, dy) ? winograd_gradient_bytes(c->in_channels, c->out_channels) : 0;
}

void product_gradient(float *gradient, const struct view *x, const struct view *dy,
                      const struct convolution *c, void *scratch)
{
    if (!gradient_is_winograd(c, dy)) {
        convolution_backward_weights(gradient, x, dy, c);
        return;
    }
    const struct conv_walk walk = winograd_walk(dy, x, c);
    winograd_gradient(gradient, view_pixel(x, 0, -1, -1), view_pixel(dy, 0, 0, 0), &walk, scratch);
}

size_t product_back_bytes(const struct convolution *c, enum dtype type)
{
    const struct convolution adjoint = convolution_adjoint(c);
    return c->stride == 1 ? product_bytes(&adjoint, type)
                          : convolution_turned_narrow_size(c) * sizeof(uint32_t);
}

/* The turned weights, and once they are packed, what the product wants. */
size_t product_back_scratch(const struct convolution *c, enum dtype type, size_t h, size_t w)
{
    const struct convolution adjoint = convolution_adjoint(c);
    return size_most(convolution_turned_size(c) * sizeof(float),
                     c->stride == 1 ? product_scratch(&adjoint, type, h, w) : 0);
}

void product_back(const struct view *dx, const struct view *dy, const float *panels, bool accumulate,
                  const struct convolution *c, void *weights, void *scratch)
{
    const struct convolution adjoint = convolution_adjoint(c);
    const struct convolution_epilogue e = {.residual = accumulate ? dx : NULL};
    float *turned = scratch;
    convolution_turn(turned, panels, c);
    if (c->stride == 1 && product_reads_panels(&adjoint, dy->type)) {
        product_forward(dx, dy, turned, &e, &adjoint, dy->type, NULL);
    } else if (c->stride == 1) {
        product_pack(weights, turned, &adjoint, dy->type);
        product_forward(dx, dy, weights, &e, &adjoint, dy->type, scratch);
    } else if (dy->type == DT_BF16) {
        convolution_narrow_turned(weights, turned, c);
        convolution_backward_data(dx, dy, weights, accumulate, c);
    } else {
        convolution_backward_data(dx, dy, turned, accumulate, c);
    }
}
