#include "nn/weights.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/thread.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_permutation(const float *data, size_t n)
{
    bool *seen = xcalloc(n, sizeof *seen), all = true;
    for (size_t i = 0; i < n && all; i++) {
        all = data[i] >= 0 && data[i] < (float)n && data[i] == floorf(data[i]) && !seen[(size_t)data[i]];
        if (all)
            seen[(size_t)data[i]] = true;
    }
    free(seen);
    return all;
}

static void check_values(const float *data, size_t n, const char *file, const struct layer_part *part)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(data[i]))
            die("%s: %s holds a value that is not finite", file, part->name);
    for (size_t i = 0; part->positive && i < n; i++)
        if (data[i] < 0)
            die("%s: %s holds %g, but a variance is not below 0", file, part->name, data[i]);
    if (part->permutes && !is_permutation(data, n))
        die("%s: %s is no order of %zu channels", file, part->name, n);
}

void weights_take(float *out, const struct safetensors *st, const char *file, const struct layer_part *part,
                  const struct graph_node *node)
{
    const struct tensor *t = safetensors_find(st, part->name);
    char have[128], want[128];
    struct err why;
    if (!t)
        die("%s: %s %s", file, part->name, safetensors_why_not(st, part->name, &why));
    if (!tensor_same_shape(t, &part->shape))
        die("%s: %s is %s, not %s", file, part->name, tensor_shape_text(t, have),
            tensor_shape_text(&part->shape, want));
    const size_t n = tensor_count(t);
    float *data = part->packed ? xmalloc(n, sizeof *data) : out;
    tensor_to_f32(data, t);
    safetensors_forget(st, t);
    check_values(data, n, file, part);
    if (!part->packed)
        return;
    node->layer->pack(out, data, node);
    free(data);
}

/* Whether a node has a tensor of this name. torch counts batches beside a batch norm's statistics. */
static bool has_part(const struct graph_node *node, const char *name)
{
    struct layer_part part[LAYER_PARTS];
    const size_t parts = layer_parts(part, node), length = strlen(node->name);
    for (size_t p = 0; p < parts; p++)
        if (strcmp(part[p].name, name) == 0)
            return true;
    return node->layer == &layer_batchnorm && strncmp(name, node->name, length) == 0 &&
           strcmp(name + length, ".num_batches_tracked") == 0;
}

/* Whether the two names begin alike, up to the first dot. */
static bool same_module(const char *a, const char *b)
{
    const size_t n = strcspn(a, ".");
    return n > 0 && n == strcspn(b, ".") && strncmp(a, b, n) == 0;
}

void weights_exact(const struct safetensors *st, const char *file, const struct graph *g, const bool *needed)
{
    for (size_t i = 0; i < st->n + st->unread.n; i++) {
        const char *name = i < st->n ? st->entry[i].name : st->unread.pair[i - st->n].key;
        bool runs = false, known = false;
        for (size_t j = 0; j < g->n; j++) {
            runs |= needed[j] && same_module(name, g->node[j].name);
            known |= has_part(&g->node[j], name);
        }
        if (runs && !known)
            die("%s: %s is no tensor of %s: these weights are for another network", file, name, g->arch);
    }
}

void weights_give(struct safetensors *st, const float *kept, const struct layer_part *part,
                  const struct graph_node *node)
{
    struct tensor t = tensor_new(DT_F32, part->shape.rank, part->shape.dim);
    if (part->packed)
        node->layer->unpack(t.data, kept, node);
    else
        memcpy(t.data, kept, tensor_bytes(&t));
    safetensors_add_owned(st, part->name, t);
}

/* A tensor to be drawn: part `number` of a node. */
struct blank {
    const struct graph_node *node;
    size_t number;
    struct layer_part part;
    struct tensor tensor;
    uint64_t seed;
};

static void draw_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    struct blank *b = (struct blank *)arg + task;
    struct rng r = rng_new(b->seed, hash_bytes(b->part.name, strlen(b->part.name)));
    b->node->layer->draw(b->tensor.data, tensor_count(&b->tensor), b->number, b->node, &r);
}

void weights_random(struct safetensors *st, const struct graph *g, const char *prefix, uint64_t seed)
{
    struct blank *blank = xcalloc(g->n * LAYER_PARTS, sizeof *blank);
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct layer_part part[LAYER_PARTS];
        const size_t parts = layer_parts(part, &g->node[i]);
        for (size_t p = 0; p < parts; p++) {
            if (strncmp(part[p].name, prefix, strlen(prefix)) != 0 || safetensors_find(st, part[p].name))
                continue;
            const struct tensor t = tensor_new(DT_F32, part[p].shape.rank, part[p].shape.dim);
            blank[n++] = (struct blank){&g->node[i], p, part[p], t, seed};
        }
    }
    pool_run(n, draw_task, blank);
    for (size_t i = 0; i < n; i++)
        safetensors_add_owned(st, blank[i].part.name, blank[i].tensor);
    free(blank);
}

void weights_zero_residuals(const struct safetensors *st, const struct graph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct graph_node *last = &g->node[g->node[i].input[0]];
        if (g->node[i].layer != &layer_add || last->layer != &layer_batchnorm)
            continue;
        struct layer_part part[LAYER_PARTS];
        layer_parts(part, last);
        const struct tensor *scale = safetensors_find(st, part[0].name); /* NAME.weight */
        memset(scale->data, 0, tensor_bytes(scale));
    }
}
