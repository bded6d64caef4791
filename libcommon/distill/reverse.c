#include "distill/reverse.h"
#include <stdio.h>
#include <string.h>

/* The decoder's blocks are listed as the teacher's stages are, though its first stage rebuilds layer3: so have the authors, whose
 * decoder of a Wide ResNet-50-2 has 3, 4, 6 blocks of 1024, 512, 256 channels. */
struct teacher {
    const char *arch;
    struct reverse_form form;
};
static const struct teacher teachers[] = {
    {"resnet18", {false, 64, 512, 2, 0, {2, 2, 2}, 0}},
    {"resnet34", {false, 64, 512, 2, 0, {3, 4, 6}, 0}},
    {"resnet50", {true, 64, 512, 3, 512, {3, 4, 6}, 64}},
    {"resnet101", {true, 64, 512, 3, 512, {3, 4, 23}, 64}},
    {"wide_resnet50_2", {true, 64, 512, 3, 1024, {3, 4, 6}, 128}},
};

bool reverse_form_of(struct reverse_form *f, const char *arch, size_t width)
{
    for (size_t i = 0; i < sizeof teachers / sizeof *teachers; i++)
        if (strcmp(teachers[i].arch, arch) == 0) {
            *f = teachers[i].form;
            f->width = width && f->bottlenecks ? width : f->width;
            return true;
        }
    return false;
}

static size_t expansion(const struct reverse_form *f)
{
    return f->bottlenecks ? 4 : 1;
}

size_t reverse_channels(const struct reverse_form *f, size_t i)
{
    return (f->planes << i) * expansion(f);
}

/* A block under construction: its graph and the beginning of its tensors' names, "decoder.layer1.0.". */
struct block {
    struct graph *g;
    char prefix[64];
};

static size_t normed(const struct block *b, size_t x, const char *bn)
{
    char name[96];
    snprintf(name, sizeof name, "%s%s", b->prefix, bn);
    return graph_batchnorm(b->g, x, name);
}

/* Convolution and batch norm; padding keeps the side at stride 1. */
static size_t conv_bn(const struct block *b, size_t x, const char *conv, const char *bn, size_t out,
                      size_t kernel, size_t stride)
{
    const struct convolution c = {b->g->node[x].channels, out, kernel, stride, kernel / 2};
    char name[96];
    snprintf(name, sizeof name, "%s%s", b->prefix, conv);
    return normed(b, graph_conv(b->g, x, name, c, false), bn);
}

/* Twice the side. */
static size_t enlarge_bn(const struct block *b, size_t x, const char *conv, const char *bn, size_t out)
{
    const struct convolution c = {b->g->node[x].channels, out, 2, 2, 0};
    char name[96];
    snprintf(name, sizeof name, "%s%s", b->prefix, conv);
    return normed(b, graph_transposed(b->g, x, name, c, 0, false), bn);
}

enum scaling { SAME, HALF, TWICE };

/* The convolution that changes the side, if any does. */
static size_t scale_bn(const struct block *b, size_t x, const char *conv, const char *bn, size_t out,
                       enum scaling s)
{
    return s == TWICE ? enlarge_bn(b, x, conv, bn, out) : conv_bn(b, x, conv, bn, out, 3, s == HALF ? 2 : 1);
}

/* A residual block of `out` channels; inside: of a bottleneck, 0: a basic one. The shortcut first: its sum then folds into the
 * main branch's last convolution. */
static size_t residual(const struct block *b, size_t x, size_t out, size_t inside, enum scaling s)
{
    size_t y = x, shortcut = x;
    if (s == HALF)
        shortcut = conv_bn(b, x, "downsample.0", "downsample.1", out, 1, 2);
    else if (s == TWICE)
        shortcut = enlarge_bn(b, x, "upsample.0", "upsample.1", out);
    if (inside) {
        y = graph_relu(b->g, conv_bn(b, y, "conv1", "bn1", inside, 1, 1));
        y = graph_relu(b->g, scale_bn(b, y, "conv2", "bn2", inside, s));
        y = conv_bn(b, y, "conv3", "bn3", out, 1, 1);
    } else {
        y = graph_relu(b->g, scale_bn(b, y, "conv1", "bn1", out, s));
        y = conv_bn(b, y, "conv2", "bn2", out, 3, 1);
    }
    return graph_relu(b->g, graph_add(b->g, y, shortcut));
}

/* Residual blocks NAME.0, NAME.1, ...; the first changes the side. */
static size_t stage(struct graph *g, size_t x, const char *name, size_t blocks, size_t out, size_t inside,
                    enum scaling s)
{
    for (size_t i = 0; i < blocks; i++) {
        struct block b = {.g = g};
        snprintf(b.prefix, sizeof b.prefix, "%s.%zu.", name, i);
        x = residual(&b, x, out, inside, i == 0 ? s : SAME);
    }
    return x;
}

static size_t embedding(struct graph *g, const struct reverse_form *f, const size_t tap[REVERSE_TAPS])
{
    const struct block b = {g, "bottleneck."};
    const size_t c2 = reverse_channels(f, 1), c3 = reverse_channels(f, 2);
    size_t first = graph_relu(g, conv_bn(&b, tap[0], "conv1", "bn1", c2, 3, 2));
    first = graph_relu(g, conv_bn(&b, first, "conv2", "bn2", c3, 3, 2));
    const size_t second = graph_relu(g, conv_bn(&b, tap[1], "conv3", "bn3", c3, 3, 2));
    const size_t all[REVERSE_TAPS] = {first, second, tap[2]};
    return stage(g, graph_concat(g, all, REVERSE_TAPS), "bottleneck.bn_layer", f->folds,
                 f->embedding * expansion(f), f->bottlenecks ? f->width : 0, HALF);
}

void reverse_build(struct graph *g, const struct reverse_form *f)
{
    size_t tap[REVERSE_TAPS], x;
    for (size_t i = 0; i < REVERSE_TAPS; i++)
        tap[i] = graph_input(g, reverse_channels(f, i));
    x = embedding(g, f, tap);
    for (size_t i = 0; i < REVERSE_TAPS; i++) {
        const size_t rebuilt = REVERSE_TAPS - 1 - i;
        char name[32];
        snprintf(name, sizeof name, "decoder.layer%zu", i + 1);
        x = stage(g, x, name, f->blocks[i], reverse_channels(f, rebuilt),
                  f->bottlenecks ? f->inside << rebuilt : 0, TWICE);
        snprintf(name, sizeof name, "layer%zu", rebuilt + 1);
        graph_tap(g, x, name);
    }
}
