#include "nn/weights.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_part(struct weights_part *out, size_t *n, const struct node *node, const char *suffix,
                     struct tensor shape)
{
    shape.type = DT_F32;
    out[*n].shape = shape;
    snprintf(out[(*n)++].name, sizeof out->name, "%s.%s", node->name, suffix);
}

size_t weights_parts(struct weights_part out[WEIGHTS_PARTS], const struct node *node)
{
    const struct convolution *c = &node->conv;
    const struct tensor channel = {.rank = 1, .dim = {node->channels}};
    size_t n = 0;
    switch (node->op) {
    case OP_CONV:
        add_part(out, &n, node, "weight",
                 (struct tensor){.rank = 4, .dim = {c->out_channels, c->in_channels, c->kernel, c->kernel}});
        if (node->bias)
            add_part(out, &n, node, "bias", channel);
        break;
    case OP_LINEAR:
        add_part(out, &n, node, "weight",
                 (struct tensor){.rank = 2, .dim = {c->out_channels, c->in_channels}});
        add_part(out, &n, node, "bias", channel);
        break;
    case OP_BATCHNORM:
        add_part(out, &n, node, "weight", channel);
        add_part(out, &n, node, "bias", channel);
        add_part(out, &n, node, "running_mean", channel);
        add_part(out, &n, node, "running_var", channel);
        break;
    default:
        break;
    }
    return n;
}

float *weights_take(const struct safetensors *st, const char *file, const struct weights_part *part)
{
    const struct tensor *t = safetensors_find(st, part->name);
    char have[128], want[128];
    if (!t)
        die("%s: %s is missing", file, part->name);
    if (!tensor_same_shape(t, &part->shape))
        die("%s: %s is %s, not %s", file, part->name, tensor_shape_text(t, have),
            tensor_shape_text(&part->shape, want));
    const size_t n = tensor_count(t);
    float *data = xmalloc(n, sizeof *data);
    tensor_to_f32(data, t);
    safetensors_forget(st, t);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(data[i]))
            die("%s: %s holds a value that is not finite", file, part->name);
    return data;
}

static void draw(float *data, size_t n, const struct weights_part *part, const struct node *node,
                 uint64_t seed)
{
    struct rng r = rng_new(seed, hash_bytes(part->name, strlen(part->name)));
    const char *suffix = strrchr(part->name, '.') + 1;
    const double fan_out = (double)(node->conv.kernel * node->conv.kernel * node->channels);
    const double bound = 1.0 / sqrt((double)node->conv.in_channels);
    for (size_t i = 0; i < n; i++)
        if (node->op == OP_CONV)
            data[i] = (float)(sqrt(2.0 / fan_out) * rng_normal(&r));
        else if (node->op == OP_LINEAR)
            data[i] = (float)rng_range(&r, -bound, bound);
        else
            data[i] = strcmp(suffix, "weight") == 0 || strcmp(suffix, "running_var") == 0 ? 1.0f : 0.0f;
}

void weights_random(struct safetensors *st, const struct graph *g, uint64_t seed)
{
    for (size_t i = 0; i < g->n; i++) {
        struct weights_part part[WEIGHTS_PARTS];
        const size_t parts = weights_parts(part, &g->node[i]);
        for (size_t p = 0; p < parts; p++) {
            struct tensor t = tensor_new(DT_F32, part[p].shape.rank, part[p].shape.dim);
            draw(t.data, tensor_count(&t), &part[p], &g->node[i], seed);
            safetensors_add_owned(st, part[p].name, t);
        }
    }
}
