#include "nn/filter.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/winograd.h"
#include <stdlib.h>

static bool fits_winograd(const struct convolution *c, enum dtype type)
{
    return c->kernel == 3 && c->stride == 1 && c->padding == 1 &&
           winograd_pays(c->in_channels, c->out_channels, type);
}

static void pack_direct(struct filter *f, const float *weight, const float *scale,
                        const struct convolution *c)
{
    const size_t depth = convolution_depth(c), n = conv_packed_size(depth, c->out_channels);
    float *packed = xaligned(n, sizeof *packed);
    convolution_pack(packed, weight, scale, c);
    f->data = packed;
    f->bytes = n * sizeof *packed;
    if (f->type == DT_F32)
        return;
    f->bytes = conv_narrow_size(depth, c->out_channels) * sizeof(uint32_t);
    f->data = xaligned(f->bytes, 1);
    conv_narrow(f->data, packed, depth, c->out_channels);
    free(packed);
}

struct filter filter_new(const float *weight, const float *scale, const struct convolution *c,
                         enum dtype type)
{
    struct filter f = {.type = type, .winograd = fits_winograd(c, type)};
    if (!f.winograd) {
        pack_direct(&f, weight, scale, c);
        return f;
    }
    f.bytes = winograd_packed_bytes(c->in_channels, c->out_channels, type);
    f.data = xaligned(f.bytes, 1);
    winograd_pack(f.data, weight, scale, c->in_channels, c->out_channels, type);
    return f;
}

void filter_free(struct filter *f)
{
    free(f->data);
    *f = (struct filter){0};
}

size_t filter_scratch_bytes(const struct filter *f, const struct convolution *c)
{
    return f->winograd ? pool_size() * winograd_scratch_bytes(c->in_channels, f->type) : 0;
}

void filter_forward(const struct view *out, const struct view *in, const struct filter *f,
                    const struct convolution_epilogue *epilogue, const struct convolution *c, void *scratch)
{
    if (!f->winograd) {
        convolution_forward(out, in, f->data, epilogue, c);
        return;
    }
    const struct conv_walk walk = convolution_walk(out, in, c);
    const struct conv_epilogue e = convolution_walk_epilogue(epilogue);
    winograd_run(view_pixel(out, 0, 0, 0), view_pixel(in, 0, -1, -1), f->data, &e, &walk, scratch);
}
