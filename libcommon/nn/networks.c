#include "nn/networks.h"
#include <stdio.h>
#include <string.h>

/* Blocks of the four stages; `expansion` 4 means bottlenecks, whose inner width is `width` * 64 << stage,
 * times 1 or 2. */
struct architecture {
    const char *name;
    size_t blocks[4];
    bool bottleneck;
    size_t width; /* inner width of the first stage */
};

static const struct architecture architectures[] = {{"resnet18", {2, 2, 2, 2}, false, 64},
                                                    {"resnet34", {3, 4, 6, 3}, false, 64},
                                                    {"resnet50", {3, 4, 6, 3}, true, 64},
                                                    {"resnet101", {3, 4, 23, 3}, true, 64},
                                                    {"wide_resnet50_2", {3, 4, 6, 3}, true, 128}};
enum { STAGES = 4, ARCHITECTURES = sizeof architectures / sizeof *architectures };

const char *const network_names[] = {"resnet18",  "resnet34",        "resnet50",
                                     "resnet101", "wide_resnet50_2", NULL};

static const struct architecture *find_architecture(const char *name)
{
    for (size_t a = 0; a < ARCHITECTURES; a++)
        if (strcmp(architectures[a].name, name) == 0)
            return &architectures[a];
    return NULL;
}

/* Convolution and batch norm, named PREFIX + conv, PREFIX + bn; padding keeps the side at stride 1. */
static size_t conv_bn(struct graph *g, size_t x, const char *prefix, const char *conv, const char *bn,
                      size_t out, size_t kernel, size_t stride)
{
    char name[64];
    const struct convolution c = {g->node[x].channels, out, kernel, stride, kernel / 2};
    snprintf(name, sizeof name, "%s%s", prefix, conv);
    x = graph_conv(g, x, name, c, false);
    snprintf(name, sizeof name, "%s%s", prefix, bn);
    return graph_batchnorm(g, x, name);
}

/* One residual block; `out` channels leave it. */
static size_t block(struct graph *g, size_t x, const char *prefix, bool bottleneck, size_t width, size_t out,
                    size_t stride)
{
    size_t y, shortcut = x;
    /* the shortcut first: its sum then folds into the main branch's last convolution */
    if (stride != 1 || g->node[x].channels != out)
        shortcut = conv_bn(g, x, prefix, "downsample.0", "downsample.1", out, 1, stride);
    if (bottleneck) {
        y = graph_relu(g, conv_bn(g, x, prefix, "conv1", "bn1", width, 1, 1));
        y = graph_relu(g, conv_bn(g, y, prefix, "conv2", "bn2", width, 3, stride));
        y = conv_bn(g, y, prefix, "conv3", "bn3", out, 1, 1);
    } else {
        y = graph_relu(g, conv_bn(g, x, prefix, "conv1", "bn1", out, 3, stride));
        y = conv_bn(g, y, prefix, "conv2", "bn2", out, 3, 1);
    }
    return graph_relu(g, graph_add(g, y, shortcut));
}

bool network_build(struct graph *g, const char *arch, size_t classes)
{
    return network_build_stages(g, arch, STAGES, classes);
}

bool network_build_stages(struct graph *g, const char *arch, size_t stages, size_t classes)
{
    const struct architecture *net = find_architecture(arch);
    if (!net)
        return false;
    snprintf(g->arch, sizeof g->arch, "%s", arch);
    size_t x = graph_relu(g, conv_bn(g, graph_input(g, 3), "", "conv1", "bn1", 64, 7, 2));
    x = graph_maxpool(g, x, 3, 2, 1);
    for (size_t stage = 0; stage < stages; stage++) {
        char name[64];
        for (size_t b = 0; b < net->blocks[stage]; b++) {
            snprintf(name, sizeof name, "layer%zu.%zu.", stage + 1, b);
            x = block(g, x, name, net->bottleneck, net->width << stage,
                      (size_t)(net->bottleneck ? 256 : 64) << stage, stage > 0 && b == 0 ? 2 : 1);
        }
        snprintf(name, sizeof name, "layer%zu", stage + 1);
        graph_tap(g, x, name);
    }
    x = graph_meanpool(g, x);
    graph_tap(g, x, "avgpool");
    if (classes)
        graph_tap(g, graph_linear(g, x, "fc", classes), "fc");
    return true;
}

static size_t count_blocks(const struct safetensors *st, size_t stage)
{
    char name[64];
    size_t n = 0;
    for (;; n++) {
        snprintf(name, sizeof name, "layer%zu.%zu.conv1.weight", stage, n);
        if (!safetensors_find(st, name))
            return n;
    }
}

const char *network_guess(const struct safetensors *st)
{
    const char *arch = note_get(&st->meta, "arch");
    if (arch)
        return find_architecture(arch) ? find_architecture(arch)->name : NULL;
    const struct tensor *first = safetensors_find(st, "layer1.0.conv1.weight");
    const bool bottleneck = safetensors_find(st, "layer1.0.conv3.weight") != NULL;
    if (!first || first->rank != 4)
        return NULL;
    for (size_t a = 0; a < ARCHITECTURES; a++) {
        const struct architecture *net = &architectures[a];
        bool fits = net->bottleneck == bottleneck && net->width == first->dim[0];
        for (size_t stage = 0; stage < 4; stage++) { /* weights may end early, at the deepest tap */
            const size_t n = count_blocks(st, stage + 1);
            fits &= n == net->blocks[stage] || (n == 0 && stage > 0);
        }
        if (fits)
            return net->name;
    }
    return NULL;
}

size_t network_stages(const struct safetensors *st)
{
    size_t stages = 4;
    while (stages > 1 && count_blocks(st, stages) == 0)
        stages--;
    return stages;
}
