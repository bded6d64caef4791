/* From the f32 panels in which weights are kept to those that kernels for bf16 and 8 bits read. */
#include "base/thread.h"
#include "num/bf16.h"
#include "conv/conv.h"
#include "conv/conv_kernel.h"
#include <math.h>
#include <string.h>

static size_t narrow_depth(size_t depth)
{
    const size_t granule = conv_kernels(DT_BF16)->granule;
    return size_parts(depth, granule) * granule;
}

size_t conv_narrow_size(size_t depth, size_t channels)
{
    return conv_packed_size(narrow_depth(depth) / 2, channels);
}

struct narrowing {
    uint32_t *out;
    const float *packed;
    size_t depth;
};

/* One panel: neighbours in k come to lie side by side, and k runs on in zeros to the kernels' granule. */
static void narrow_panel(void *arg, size_t panel, size_t worker)
{
    (void)worker;
    static const float zeros[CONV_PANEL];
    const struct narrowing *n = arg;
    const size_t depth = narrow_depth(n->depth);
    const float *in = n->packed + panel * n->depth * CONV_PANEL;
    uint32_t *out = n->out + panel * depth / 2 * CONV_PANEL;
    for (size_t k = 0; k < depth; k += 2, out += CONV_PANEL) {
        const float *even = k < n->depth ? in + k * CONV_PANEL : zeros;
        const float *odd = k + 1 < n->depth ? in + (k + 1) * CONV_PANEL : zeros;
        bf16_pair(out, even, odd, CONV_PANEL);
    }
}

void conv_narrow(uint32_t *out, const float *packed, size_t depth, size_t channels)
{
    pool_run(size_parts(channels, CONV_PANEL), narrow_panel, &(struct narrowing){out, packed, depth});
}

static size_t bytes_depth(size_t depth)
{
    return size_parts(depth, 4) * 4;
}

size_t conv_bytes_size(size_t depth, size_t channels)
{
    return conv_packed_size(bytes_depth(depth), channels);
}

struct quantising {
    int8_t *out;
    float *scale;
    const float *packed;
    size_t depth;
};

/* One panel: four neighbours in k lie side by side. */
static void quantise_panel(void *arg, size_t panel, size_t worker)
{
    (void)worker;
    const struct quantising *q = arg;
    const float *in = q->packed + panel * q->depth * CONV_PANEL;
    int8_t *out = q->out + panel * bytes_depth(q->depth) * CONV_PANEL;
    float *scale = q->scale + panel * CONV_PANEL;
    memset(out, 0, bytes_depth(q->depth) * CONV_PANEL);
    for (size_t c = 0; c < CONV_PANEL; c++) {
        float most = 0;
        for (size_t k = 0; k < q->depth; k++)
            most = fmaxf(most, fabsf(in[k * CONV_PANEL + c]));
        scale[c] = most / 127;
        for (size_t k = 0; k < q->depth && most > 0; k++)
            out[(k / 4 * CONV_PANEL + c) * 4 + k % 4] = (int8_t)lrintf(in[k * CONV_PANEL + c] / most * 127);
    }
}

void conv_quantise(int8_t *out, float *scale, const float *packed, size_t depth, size_t channels)
{
    pool_run(size_parts(channels, CONV_PANEL), quantise_panel,
             &(struct quantising){out, scale, packed, depth});
}
