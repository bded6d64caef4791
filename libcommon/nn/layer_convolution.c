/* Convolutions and linear layers, which are 1 x 1 convolutions of a 1 x 1 image. */
#include "base/mem.h"
#include "base/size.h"
#include "nn/bias.h"
#include "nn/layer.h"
#include "nn/product.h"
#include <math.h>
#include <string.h>

static void sides(size_t out[2], const struct graph_node *node, const size_t (*in)[2])
{
    out[0] = convolution_side(&node->conv, in[0][0]);
    out[1] = convolution_side(&node->conv, in[0][1]);
}

static size_t halo(const struct graph_node *node)
{
    return node->conv.padding;
}

static size_t gradient_halo(const struct graph_node *node)
{
    return convolution_gradient_halo(&node->conv);
}

static bool strided(const struct graph_node *node)
{
    return convolution_strided(&node->conv);
}

/* Biases are padded to whole panels: kernels read them so. */
static size_t product_parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node,
                            struct tensor weight)
{
    const struct tensor channel = {.rank = 1, .dim = {node->channels}};
    part[0] = layer_part_of(node, "weight", weight);
    part[0].floats = conv_packed_size(convolution_depth(&node->conv), node->channels);
    part[0].packed = part[0].decays = true;
    if (!node->bias)
        return 1;
    part[1] = layer_part_of(node, "bias", channel);
    part[1].floats = conv_packed_size(1, node->channels);
    return 2;
}

static size_t convolution_parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node)
{
    const struct convolution *c = &node->conv;
    return product_parts(
        part, node,
        (struct tensor){.rank = 4, .dim = {c->out_channels, c->in_channels, c->kernel, c->kernel}});
}

static size_t linear_parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node)
{
    return product_parts(part, node,
                         (struct tensor){.rank = 2, .dim = {node->channels, node->conv.in_channels}});
}

static void draw(float *data, size_t n, size_t i, const struct graph_node *node, struct rng *r)
{
    (void)i;
    const double taps = (double)(node->conv.kernel * node->conv.kernel),
                 fan_out = taps * (double)node->channels;
    const double bound = 1.0 / sqrt((double)convolution_depth(&node->conv));
    for (size_t j = 0; j < n; j++)
        data[j] =
            node->bias ? (float)rng_range(r, -bound, bound) : (float)(sqrt(2.0 / fan_out) * rng_normal(r));
}

static void pack(float *kept, const float *tensor, const struct graph_node *node)
{
    convolution_pack(kept, tensor, &node->conv);
}

static void unpack(float *tensor, const float *kept, const struct graph_node *node)
{
    convolution_unpack(tensor, kept, &node->conv);
}

static void fold(float *kept, const float *scale, const struct graph_node *node)
{
    convolution_scale(kept, scale, convolution_depth(&node->conv), node->channels);
}

/* 8 bits are for what is bf16 and lies close together. */
static enum dtype type_of(const struct layer_call *l)
{
    return l->eight_bits && view_dense(&l->in[0]) && l->in[0].type == DT_BF16 ? DT_I8 : l->in[0].type;
}

static void wants(struct layer_wants *w, const struct layer_call *l)
{
    const struct convolution *c = &l->node->conv;
    const enum dtype type = type_of(l);
    w->prepared = product_bytes(c, type);
    w->scratch = product_scratch(c, type, l->in[0].h, l->in[0].w);
    if (!l->training)
        return;
    w->scratch = size_most(w->scratch, product_gradient_scratch(c, &l->out));
    w->prepared = size_most(w->prepared, product_back_bytes(c, type));
    w->scratch = size_most(w->scratch, product_back_scratch(c, type, l->out.h, l->out.w));
}

/* In training weights are used once and packed anew: not where they can be read as they are. */
static bool reads_panels(const struct layer_call *l)
{
    return l->training && product_reads_panels(&l->node->conv, type_of(l));
}

static void prepare(const struct layer_call *l)
{
    if (!reads_panels(l))
        product_pack(l->prepared, l->part[0], &l->node->conv, type_of(l));
}

static void forward(const struct layer_call *l)
{
    const struct convolution_epilogue e = {l->shift ? l->shift : l->part[1], l->residual, l->relu};
    product_forward(&l->out, &l->in[0], reads_panels(l) ? l->part[0] : l->prepared, &e, &l->node->conv,
                    type_of(l), l->scratch);
}

static void backward(const struct layer_call *l)
{
    if (l->d_part[0])
        product_gradient(l->d_part[0], &l->in[0], &l->d_out, &l->node->conv, l->scratch);
    if (l->d_part[1])
        bias_backward(l->d_part[1], &l->d_out);
    if (!l->d_in[0].data)
        return;
    view_clear_halo(&l->d_out);
    product_back(&l->d_in[0], &l->d_out, l->part[0], l->accumulate[0], &l->node->conv, l->prepared,
                 l->scratch);
}

#define PRODUCT                                                                                              \
    .strided = strided, .draw = draw, .pack = pack, .unpack = unpack, .fold = fold, .wants = wants,          \
    .prepare = prepare, .forward = forward, .backward = backward, .accumulates = true, .keeps_input = true

static const struct layer layer_convolution = {.name = "convolution",
                                               .sides = sides,
                                               .halo = halo,
                                               .gradient_halo = gradient_halo,
                                               .parts = convolution_parts,
                                               PRODUCT};
static const struct layer layer_linear = {.name = "linear", .sides = sides, .parts = linear_parts, PRODUCT};

size_t graph_conv(struct graph *g, size_t x, const char *name, struct convolution c, bool bias)
{
    struct graph_node node = graph_unary(g, &layer_convolution, x);
    node.conv = c;
    node.bias = bias;
    node.channels = c.out_channels;
    return graph_append(g, node, name);
}

size_t graph_linear(struct graph *g, size_t x, const char *name, size_t out)
{
    struct graph_node node = graph_unary(g, &layer_linear, x);
    node.conv = (struct convolution){node.channels, out, 1, 1, 0};
    node.bias = true;
    node.channels = out;
    return graph_append(g, node, name);
}
