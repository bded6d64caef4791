#include "image/map.h"
#include "base/mem.h"
#include "base/thread.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An output sample lies between inputs low and high, `part` of the way. */
struct place {
    size_t low, high;
    float part;
};

static struct place *places(size_t out, size_t in, enum map_rule rule)
{
    struct place *p = xmalloc(out, sizeof *p);
    for (size_t d = 0; d < out; d++) {
        double at = 0;
        if (rule == MAP_HALF_PIXEL)
            at = fmax(0, ((double)d + 0.5) * (double)in / (double)out - 0.5);
        else if (rule == MAP_ALIGN_CORNERS && out > 1)
            at = (double)d * (double)(in - 1) / (double)(out - 1);
        else if (rule == MAP_NEAREST)
            at = (double)(d * in / out);
        size_t low = (size_t)at < in ? (size_t)at : in - 1;
        p[d] = (struct place){low, low + 1 < in ? low + 1 : low, (float)(at - (double)low)};
    }
    return p;
}

/* out = a + (b - a) part, written so that equal ends give themselves. */
static void mix(float *restrict out, const float *restrict a, const float *restrict b, float part, size_t n)
{
    enum { BLOCK = 16 };
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        for (size_t k = 0; k < BLOCK; k++)
            out[i + k] = a[i + k] + (b[i + k] - a[i + k]) * part;
    for (; i < n; i++)
        out[i] = a[i] + (b[i] - a[i]) * part;
}

static void resize_row(float *out, size_t out_width, const float *in, const struct place *x, size_t channels)
{
    if (channels == 1) {
        for (size_t d = 0; d < out_width; d++)
            out[d] = in[x[d].low] + (in[x[d].high] - in[x[d].low]) * x[d].part;
        return;
    }
    for (size_t d = 0; d < out_width; d++)
        mix(out + d * channels, in + x[d].low * channels, in + x[d].high * channels, x[d].part, channels);
}

struct resizing {
    float *out;
    const float *in;
    const struct place *x, *y;
    size_t in_row, out_width, channels;
    float *row; /* in_row for each worker */
};

static void resize_task(void *arg, size_t d, size_t worker)
{
    const struct resizing *r = arg;
    const struct place *y = &r->y[d];
    float *row = r->row + worker * r->in_row;
    mix(row, r->in + y->low * r->in_row, r->in + y->high * r->in_row, y->part, r->in_row);
    resize_row(r->out + d * r->out_width * r->channels, r->out_width, row, r->x, r->channels);
}

void map_resize(float *out, size_t out_height, size_t out_width, const float *in, size_t height, size_t width,
                size_t channels, enum map_rule rule)
{
    struct place *y = places(out_height, height, rule), *x = places(out_width, width, rule);
    float *row = xmalloc(pool_size() * width * channels, sizeof *row);
    pool_run(out_height, resize_task,
             &(struct resizing){out, in, x, y, width * channels, out_width, channels, row});
    free(row);
    free(x);
    free(y);
}

enum { RADIUS_MAX = 256 };

/* taps[0] is the centre, taps[k] the weight at distance k. */
static size_t gaussian(float taps[RADIUS_MAX + 1], double sigma)
{
    const size_t radius = (size_t)(4 * sigma + 0.5);
    double weight[RADIUS_MAX + 1], sum = 0;
    for (size_t k = 0; k <= radius; k++) {
        weight[k] = exp(-0.5 * (double)(k * k) / (sigma * sigma));
        sum += k ? 2 * weight[k] : weight[k];
    }
    for (size_t k = 0; k <= radius; k++)
        taps[k] = (float)(weight[k] / sum);
    return radius;
}

/* The sample that stands at position i of a side of n. */
static size_t mirrored(ptrdiff_t i, size_t n, enum map_border border)
{
    const ptrdiff_t last = (ptrdiff_t)n - 1;
    if (last == 0)
        return 0;
    while (i < 0 || i > last)
        if (i < 0)
            i = border == MAP_MIRROR ? -i : -i - 1;
        else
            i = border == MAP_MIRROR ? 2 * last - i : 2 * last + 1 - i;
    return (size_t)i;
}

/* sum[j] += (a[j] + b[j]) weight: a step of a symmetric kernel. */
static void add_pair(float *restrict sum, const float *a, const float *b, float weight, size_t n)
{
    enum { BLOCK = 16 };
    size_t j = 0;
    for (; j + BLOCK <= n; j += BLOCK)
        for (size_t k = 0; k < BLOCK; k++)
            sum[j + k] += (a[j + k] + b[j + k]) * weight;
    for (; j < n; j++)
        sum[j] += (a[j] + b[j]) * weight;
}

struct blurring {
    float *map, *half;
    size_t height, width, radius;
    const float *taps;
    enum map_border border;
    float *wide; /* a row and the radius on both sides, for each worker */
};

/* Row y of the half-blurred map: along the columns. */
static void blur_columns(void *arg, size_t y, size_t worker)
{
    (void)worker;
    const struct blurring *b = arg;
    const size_t width = b->width;
    const float *in = b->map;
    float *row = b->half + y * width;
    for (size_t x = 0; x < width; x++)
        row[x] = in[y * width + x] * b->taps[0];
    for (size_t k = 1; k <= b->radius; k++) {
        const size_t above = mirrored((ptrdiff_t)y - (ptrdiff_t)k, b->height, b->border);
        const size_t below = mirrored((ptrdiff_t)(y + k), b->height, b->border);
        add_pair(row, in + above * width, in + below * width, b->taps[k], width);
    }
}

/* And along that row. */
static void blur_row(void *arg, size_t y, size_t worker)
{
    const struct blurring *b = arg;
    const size_t width = b->width, radius = b->radius;
    const float *in = b->half + y * width;
    float *out = b->map + y * width, *wide = b->wide + worker * (width + 2 * radius);
    for (size_t k = 0; k < radius; k++) {
        wide[radius - 1 - k] = in[mirrored(-1 - (ptrdiff_t)k, width, b->border)];
        wide[radius + width + k] = in[mirrored((ptrdiff_t)(width + k), width, b->border)];
    }
    memcpy(wide + radius, in, width * sizeof *in);
    for (size_t x = 0; x < width; x++)
        out[x] = in[x] * b->taps[0];
    for (size_t k = 1; k <= radius; k++)
        add_pair(out, wide + radius - k, wide + radius + k, b->taps[k], width);
}

void map_blur(float *map, size_t height, size_t width, double sigma, enum map_border border)
{
    float taps[RADIUS_MAX + 1];
    struct blurring b = {map, NULL, height, width, gaussian(taps, sigma), taps, border, NULL};
    b.half = xmalloc(height * width, sizeof *b.half);
    b.wide = xmalloc(pool_size() * (width + 2 * b.radius), sizeof *b.wide);
    pool_run(height, blur_columns, &b);
    pool_run(height, blur_row, &b);
    free(b.wide);
    free(b.half);
}
