/* Transposed convolution (torch.nn.ConvTranspose2d): the adjoint of a convolution `c` from the larger image, the output, to
 * the smaller, the input. So all its arithmetic is that convolution's, with the two exchanged:
 *
 *   forward:       out = what c sends back to its input (convolution_spread)
 *   gradient of x: c itself, of the output's gradient
 *   of weights:    c's, with the output's gradient as its input and x as the gradient of its output
 *
 * and its weights are c's, in x out x k x k. */
#include "base/err.h"
#include "base/mem.h"
#include "base/size.h"
#include "nn/bias.h"
#include "nn/layer.h"
#include "nn/product.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void sides(size_t out[2], const struct graph_node *node, const size_t (*in)[2])
{
    const struct convolution *c = &node->conv;
    for (size_t i = 0; i < 2; i++) {
        const size_t all = (in[0][i] - 1) * c->stride + c->kernel + node->output_padding;
        if (all <= 2 * c->padding)
            die("an image side of %zu is too small for a transposed %zu x %zu convolution", in[0][i],
                c->kernel, c->kernel);
        out[i] = all - 2 * c->padding;
    }
}

static size_t halo(const struct graph_node *node)
{
    return convolution_gradient_halo(&node->conv);
}

static size_t gradient_halo(const struct graph_node *node)
{
    return node->conv.padding;
}

static bool strided(const struct graph_node *node)
{
    return convolution_strided(&node->conv);
}

static size_t parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node)
{
    const struct convolution *c = &node->conv;
    part[0] = layer_part_of(
        node, "weight",
        (struct tensor){.rank = 4, .dim = {c->out_channels, c->in_channels, c->kernel, c->kernel}});
    part[0].floats = conv_packed_size(convolution_depth(c), c->out_channels);
    part[0].packed = part[0].decays = true;
    if (!node->bias)
        return 1;
    part[1] = layer_part_of(node, "bias", (struct tensor){.rank = 1, .dim = {node->channels}});
    part[1].floats = conv_packed_size(1, node->channels);
    return 2;
}

/* Uniform on +-1/sqrt(out k k), as torch draws: its fan in is the second dimension's. */
static void draw(float *data, size_t n, size_t i, const struct graph_node *node, struct rng *r)
{
    (void)i;
    const double bound = 1.0 / sqrt((double)convolution_depth(&node->conv));
    for (size_t j = 0; j < n; j++)
        data[j] = (float)rng_range(r, -bound, bound);
}

static void pack(float *kept, const float *tensor, const struct graph_node *node)
{
    convolution_pack(kept, tensor, &node->conv);
}

static void unpack(float *tensor, const float *kept, const struct graph_node *node)
{
    convolution_unpack(tensor, kept, &node->conv);
}

/* Its output channels are c's input channels: they count along the depth. */
static void fold(float *kept, const float *scale, const struct graph_node *node)
{
    const size_t depth = convolution_depth(&node->conv), n = conv_packed_size(depth, node->conv.out_channels);
    for (size_t i = 0; i < n; i++)
        kept[i] *= scale[i / CONV_PANEL % depth % node->channels];
}

static size_t turned_bytes(const struct convolution *c, enum dtype type)
{
    return type == DT_BF16 ? convolution_turned_narrow_size(c) * sizeof(uint32_t)
                           : convolution_turned_size(c) * sizeof(float);
}

static void wants(struct layer_wants *w, const struct layer_call *l)
{
    const struct convolution *c = &l->node->conv;
    const enum dtype type = l->in[0].type;
    w->prepared = turned_bytes(c, type);
    if (!l->training)
        return;
    w->prepared = size_most(w->prepared, product_bytes(c, type));
    w->scratch =
        size_most(product_scratch(c, type, l->out.h, l->out.w), product_gradient_scratch(c, &l->in[0]));
}

static void prepare(const struct layer_call *l)
{
    const struct convolution *c = &l->node->conv;
    if (l->in[0].type == DT_F32) {
        convolution_turn(l->prepared, l->part[0], c);
        return;
    }
    float *turned = xaligned(convolution_turned_size(c), sizeof *turned);
    convolution_turn(turned, l->part[0], c);
    convolution_narrow_turned(l->prepared, turned, c);
    free(turned);
}

static void forward(const struct layer_call *l)
{
    const struct convolution_epilogue e = {l->shift ? l->shift : l->part[1], l->residual, l->relu};
    convolution_spread(&l->out, &l->in[0], l->prepared, &e, &l->node->conv);
}

static void backward(const struct layer_call *l)
{
    const struct convolution *c = &l->node->conv;
    const struct convolution_epilogue e = {.residual = l->accumulate[0] ? &l->d_in[0] : NULL};
    view_clear_halo(&l->d_out);
    if (l->d_part[0])
        product_gradient(l->d_part[0], &l->d_out, &l->in[0], c, l->scratch);
    if (l->d_part[1])
        bias_backward(l->d_part[1], &l->d_out);
    if (!l->d_in[0].data)
        return;
    product_pack(l->prepared, l->part[0], c, l->d_out.type);
    product_forward(&l->d_in[0], &l->d_out, l->prepared, &e, c, l->d_out.type, l->scratch);
}

static const struct layer layer_transposed = {.name = "transposed convolution",
                                              .sides = sides,
                                              .halo = halo,
                                              .gradient_halo = gradient_halo,
                                              .strided = strided,
                                              .parts = parts,
                                              .draw = draw,
                                              .pack = pack,
                                              .unpack = unpack,
                                              .fold = fold,
                                              .wants = wants,
                                              .prepare = prepare,
                                              .forward = forward,
                                              .backward = backward,
                                              .accumulates = true,
                                              .keeps_input = true};

size_t graph_transposed(struct graph *g, size_t x, const char *name, struct convolution c,
                        size_t output_padding, bool bias)
{
    struct graph_node node = graph_unary(g, &layer_transposed, x);
    if (output_padding >= c.stride)
        die("layer '%s': an output padding of %zu is not below the stride", name, output_padding);
    node.conv = (struct convolution){c.out_channels, c.in_channels, c.kernel, c.stride, c.padding};
    node.output_padding = output_padding;
    node.bias = bias;
    node.channels = c.out_channels;
    return graph_append(g, node, name);
}
