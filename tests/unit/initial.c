/* nn/: how layers are drawn (graph.h), and copies of views. */
#include "base/mem.h"
#include "nn/networks.h"
#include "nn/weights.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static double mean_square(const struct tensor *t, double *largest)
{
    const size_t n = tensor_count(t);
    double sum = 0;
    *largest = 0;
    for (size_t i = 0; i < n; i++) {
        sum += pow(tensor_get(t, i), 2);
        *largest = worse(*largest, fabs(tensor_get(t, i)));
    }
    return sum / (double)n;
}

/* Uniform on +-bound: the variance is bound^2 / 3, and the largest of thousands is near the bound. */
static void uniform(const struct safetensors *st, const char *name, double bound)
{
    double largest;
    const double square = mean_square(safetensors_find(st, name), &largest);
    ok(fabs(square * 3 / (bound * bound) - 1) < 0.1 && largest <= bound * 1.0001 && largest > 0.98 * bound,
       "%s is uniform on +-%.3g", name, bound);
}

static bool all_are(const struct safetensors *st, const char *name, double value)
{
    const struct tensor *t = safetensors_find(st, name);
    double off = 0;
    for (size_t i = 0; i < tensor_count(t); i++)
        off = worse(off, fabs(tensor_get(t, i) - value));
    return off < 1e-6;
}

static void draws(void)
{
    struct graph g = {0};
    struct safetensors st = {0}, other = {0};
    double largest;
    const size_t x = graph_input(&g, 20);
    size_t y = graph_conv(&g, x, "plain", (struct convolution){20, 30, 3, 1, 1}, false);
    y = graph_conv(&g, y, "biased", (struct convolution){30, 400, 3, 1, 1}, true);
    y = graph_transposed(&g, y, "up", (struct convolution){400, 12, 2, 2, 0}, 0, false);
    y = graph_layernorm(&g, y, "norm", 4, 6);
    y = graph_batchnorm(&g, y, "bn");
    y = graph_coupling(&g, y, y, "block", 2.0);
    graph_linear(&g, y, "head", 500);
    weights_random(&st, &g, "", 1);
    weights_random(&other, &g, "", 2);
    const double square = mean_square(safetensors_find(&st, "plain.weight"), &largest);
    ok(fabs(square * 9 * 30 / 2 - 1) < 0.1 && largest > 3 * sqrt(square),
       "without a bias: He-normal with fan-out");
    uniform(&st, "biased.weight", 1 / sqrt(9 * 30));
    uniform(&st, "biased.bias", 1 / sqrt(9 * 30));
    uniform(&st, "up.weight", 1 / sqrt(4 * 12));
    uniform(&st, "head.weight", 1 / sqrt(12));
    uniform(&st, "head.bias", 1 / sqrt(12));
    ok(all_are(&st, "norm.weight", 1) && all_are(&st, "norm.bias", 0) && all_are(&st, "bn.weight", 1) &&
           all_are(&st, "bn.bias", 0) && all_are(&st, "bn.running_mean", 0) &&
           all_are(&st, "bn.running_var", 1),
       "norms leave what comes as it is");
    ok(all_are(&st, "block.global_scale", 2 * log(expm1(5))) && all_are(&st, "block.global_offset", 0),
       "a coupling begins with scale 1 and offset 0");
    unsigned seen = 0, same = 0;
    for (size_t i = 0; i < 12; i++) {
        const double p = tensor_get(safetensors_find(&st, "block.permutation"), i);
        seen |= 1u << (unsigned)p;
        same += p == tensor_get(safetensors_find(&other, "block.permutation"), i);
    }
    ok(seen == 0xfff && same < 12, "and with an order of the channels, another for another seed");
    safetensors_free(&st), safetensors_free(&other);
    graph_free(&g);
}

/* Some channels of a wider view in f32 to a framed one in bf16, and added back. What lies between stays. */
static void copies(void)
{
    struct view wide = {NULL, 2, 3, 4, 9, 1, DT_F32, 0}, low = {NULL, 2, 3, 4, 5, 2, DT_BF16, 0};
    wide.data = xcalloc(view_size(&wide), sizeof(float));
    low.data = xcalloc(view_bytes(&low), 1);
    for (size_t i = 0; i < view_size(&wide); i++)
        ((float *)wide.data)[i] = (float)(i % 200); /* exact in bf16 */
    const struct view part = view_channels(&wide, 3, 5);
    view_copy(&low, &part);
    view_add(&part, &low);
    bool right = true;
    for (size_t i = 0; i < view_size(&wide); i++) {
        const size_t c = i % 9, x = i / 9 % 6, y = i / 54 % 5;
        const bool inside = c >= 3 && c < 8 && x >= 1 && x < 5 && y >= 1 && y < 4;
        right &= ((float *)wide.data)[i] == (float)(i % 200 * (inside ? 2 : 1));
    }
    ok(right, "channels copied to bf16 and added back: twice what was there, the rest as it was");
    double frame = 0;
    for (size_t i = 0; i < 7; i++)
        for (ptrdiff_t x = -2; x < 6; x++)
            for (size_t c = 0; c < 5; c++)
                if (i < 2 || i > 4 || x < 0 || x > 3)
                    frame += bf16_to_f32(((uint16_t *)view_pixel(&low, 1, (ptrdiff_t)i - 2, x))[c]);
    ok(frame == 0, "frames are left alone");
    free(wide.data), free(low.data);
}

/* As torchvision's zero_init_residual and timm's zero_init_last: the last batch norm of each block, and no other tensor. */
static void shortcuts(const char *arch, const char *last, size_t blocks)
{
    struct graph g = {0};
    struct safetensors before = {0}, st = {0};
    size_t zero = 0, changed = 0;
    network_build(&g, arch, 0);
    weights_random(&before, &g, "", 3);
    weights_random(&st, &g, "", 3);
    weights_zero_residuals(&st, &g);
    for (size_t i = 0; i < st.n; i++) {
        const char *name = st.entry[i].name;
        const bool ends = strncmp(name, "layer", 5) == 0 && strcmp(name + strlen("layer1.0."), last) == 0;
        const struct tensor *was = safetensors_find(&before, name), *is = safetensors_find(&st, name);
        zero += ends && all_are(&st, name, 0);
        changed += !ends && memcmp(was->data, is->data, tensor_bytes(is)) != 0;
    }
    ok(zero == blocks && changed == 0, "%s: blocks that begin as shortcuts: %zu of %zu", arch, zero, blocks);
    safetensors_free(&before), safetensors_free(&st);
    graph_free(&g);
}

int main(void)
{
    draws();
    shortcuts("resnet18", "bn2.weight", 8);
    shortcuts("resnet50", "bn3.weight", 16);
    copies();
    return done();
}
