#include "nn/filter.h"
#include "conv/winograd.h"
#include <string.h>

bool filter_is_winograd(const struct convolution *c, enum dtype type)
{
    return c->kernel == 3 && c->stride == 1 && c->padding == 1 &&
           winograd_pays(c->in_channels, c->out_channels, type);
}

size_t filter_bytes(const struct convolution *c, enum dtype type)
{
    const size_t depth = convolution_depth(c);
    if (filter_is_winograd(c, type))
        return winograd_packed_bytes(c->in_channels, c->out_channels, type);
    if (type == DT_BF16)
        return conv_narrow_size(depth, c->out_channels) * sizeof(uint32_t);
    return conv_packed_size(depth, c->out_channels) * sizeof(float);
}

void filter_pack(void *filter, const float *panels, const struct convolution *c, enum dtype type)
{
    if (filter_is_winograd(c, type))
        winograd_pack(filter, panels, c->in_channels, c->out_channels, type);
    else if (type == DT_BF16)
        conv_narrow(filter, panels, convolution_depth(c), c->out_channels);
    else
        memcpy(filter, panels, filter_bytes(c, type));
}

size_t filter_forward_scratch(const struct convolution *c, enum dtype type)
{
    return filter_is_winograd(c, type) ? winograd_scratch_bytes(c->in_channels, type) : 0;
}

void filter_forward(const struct view *out, const struct view *in, const void *filter,
                    const struct convolution_epilogue *epilogue, const struct convolution *c, void *scratch)
{
    if (!filter_is_winograd(c, in->type)) {
        convolution_forward(out, in, filter, epilogue, c);
        return;
    }
    const struct conv_walk walk = convolution_walk(out, in, c);
    const struct conv_epilogue e = convolution_walk_epilogue(epilogue);
    winograd_run(view_pixel(out, 0, 0, 0), view_pixel(in, 0, -1, -1), filter, &e, &walk, scratch);
}

static bool gradient_is_winograd(const struct convolution *c, const struct view *dy)
{
    return filter_is_winograd(c, dy->type) && winograd_gradient_pays(dy->n, dy->h, dy->w);
}

size_t filter_gradient_scratch(const struct convolution *c, const struct view *dy)
{
    return gradient_is_winograd(c, dy) ? winograd_gradient_bytes(c->in_channels, c->out_channels) : 0;
}

void filter_gradient(float *gradient, const struct view *x, const struct view *dy,
                     const struct convolution *c, void *scratch)
{
    if (!gradient_is_winograd(c, dy)) {
        convolution_backward_weights(gradient, x, dy, c);
        return;
    }
    const struct conv_walk walk = convolution_walk(dy, x, c);
    winograd_gradient(gradient, view_pixel(x, 0, -1, -1), view_pixel(dy, 0, 0, 0), &walk, scratch);
}
