#include "image/resize.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The sources of one row or column of the result: count weights from index first on. */
struct taps {
    size_t first, count;
    float *weight;
};

/* The taps of one direction, with the span of sources that they reach. */
struct filter {
    struct taps *taps; /* n */
    float *weights;    /* the storage of all */
    size_t n, first, end;
};

/* After torch's _compute_indices_weights_aa; weights of zero at the ends are left out. */
static void set_taps(struct taps *t, size_t in, double scale, size_t index)
{
    double width = scale > 1 ? scale : 1, centre = scale * ((double)index + 0.5), sum = 0;
    size_t end = (size_t)fmin(centre + width + 0.5, (double)in);
    t->first = (size_t)fmax(centre - width + 0.5, 0);
    for (size_t i = t->first; i < end; i++) {
        double weight = fmax(0, 1 - fabs(((double)i + 0.5 - centre) / width));
        t->weight[i - t->first] = (float)weight;
        sum += weight;
    }
    t->count = end - t->first;
    for (size_t i = 0; i < t->count; i++)
        t->weight[i] = (float)(t->weight[i] / sum);
    while (t->count > 1 && t->weight[t->count - 1] == 0)
        t->count--;
    while (t->count > 1 && t->weight[0] == 0) {
        t->first++;
        t->weight++;
        t->count--;
    }
}

/* For the results start..start+n-1 of a line of `in` that becomes `full`. */
static struct filter filter_new(size_t in, size_t full, size_t start, size_t n)
{
    double scale = (double)in / (double)full;
    size_t most = 2 * (size_t)ceil(scale > 1 ? scale : 1) + 2;
    struct filter f = {.n = n, .first = in, .end = 0};
    mem_need(n * most * sizeof *f.weights, "resizing");
    f.taps = xmalloc(n, sizeof *f.taps);
    f.weights = xmalloc(n * most, sizeof *f.weights);
    for (size_t i = 0; i < n; i++) {
        struct taps *t = &f.taps[i];
        t->weight = f.weights + i * most;
        set_taps(t, in, scale, start + i);
        f.first = t->first < f.first ? t->first : f.first;
        f.end = t->first + t->count > f.end ? t->first + t->count : f.end;
    }
    return f;
}

static void filter_free(struct filter *f)
{
    free(f->taps);
    free(f->weights);
}

/* Columns of BLOCK samples: a fixed length, so that the compiler keeps the sums in vector registers. */
enum { BLOCK = 16 };

/* out: n sums over the rows of a tap; in: its first row, at the first sample that is needed; stride in
 * samples. */
static void blend_rows_u8(float *out, const uint8_t *in, size_t stride, size_t n, const struct taps *t)
{
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        float sum[BLOCK] = {0};
        for (size_t j = 0; j < t->count; j++)
            for (size_t k = 0; k < BLOCK; k++)
                sum[k] += t->weight[j] * (float)in[j * stride + i + k];
        memcpy(out + i, sum, sizeof sum);
    }
    for (; i < n; i++) {
        float sum = 0;
        for (size_t j = 0; j < t->count; j++)
            sum += t->weight[j] * (float)in[j * stride + i];
        out[i] = sum;
    }
}

static void blend_rows_u16(float *out, const uint16_t *in, size_t stride, size_t n, const struct taps *t)
{
    for (size_t i = 0; i < n; i++) {
        float sum = 0;
        for (size_t j = 0; j < t->count; j++)
            sum += t->weight[j] * (float)in[j * stride + i];
        out[i] = sum;
    }
}

static void blend_rows(float *out, const struct raster *in, const struct filter *columns,
                       const struct taps *t)
{
    size_t stride = in->width * in->channels, n = (columns->end - columns->first) * in->channels;
    size_t start = t->first * stride + columns->first * in->channels;
    if (in->maxval > 255)
        blend_rows_u16(out, (const uint16_t *)in->samples + start, stride, n, t);
    else
        blend_rows_u8(out, (const uint8_t *)in->samples + start, stride, n, t);
}

static uint8_t rounded(float x)
{
    return x <= 0 ? 0 : x >= 255 ? 255 : (uint8_t)(x + 0.5f);
}

/* out: one row of the result; in: a blended row that starts at column f->first. */
static void blend_columns(uint8_t *out, const float *in, const struct filter *f, size_t channels, float gain)
{
    for (size_t x = 0; x < f->n; x++) {
        const struct taps *t = &f->taps[x];
        const float *p = in + (t->first - f->first) * channels;
        float sum[4] = {0};
        for (size_t j = 0; j < t->count; j++)
            for (size_t c = 0; c < channels; c++)
                sum[c] += t->weight[j] * p[j * channels + c];
        for (size_t c = 0; c < channels; c++)
            out[x * channels + c] = rounded(sum[c] * gain);
    }
}

struct raster resize_bilinear(const struct raster *in, const struct geometry *g)
{
    struct raster out = raster_new(g->width, g->height, in->channels, 255);
    struct filter rows = filter_new(in->height, g->full_height, g->y, g->height);
    struct filter columns = filter_new(in->width, g->full_width, g->x, g->width);
    float *blended = xaligned((columns.end - columns.first) * in->channels, sizeof *blended);
    float gain = 255.0f / (float)in->maxval;
    for (size_t y = 0; y < g->height; y++) {
        uint8_t *row = (uint8_t *)out.samples + y * g->width * in->channels;
        blend_rows(blended, in, &columns, &rows.taps[y]);
        blend_columns(row, blended, &columns, in->channels, gain);
    }
    free(blended);
    filter_free(&columns);
    filter_free(&rows);
    return out;
}

struct raster resize_nearest(const struct raster *in, const struct geometry *g)
{
    struct raster out = raster_new(g->width, g->height, in->channels, in->maxval);
    size_t pixel = in->channels * raster_depth(in);
    for (size_t y = 0; y < g->height; y++) {
        size_t from_y = (2 * (g->y + y) + 1) * in->height / (2 * g->full_height);
        for (size_t x = 0; x < g->width; x++) {
            size_t from_x = (2 * (g->x + x) + 1) * in->width / (2 * g->full_width);
            memcpy((uint8_t *)out.samples + (y * g->width + x) * pixel,
                   (const uint8_t *)in->samples + (from_y * in->width + from_x) * pixel, pixel);
        }
    }
    return out;
}
