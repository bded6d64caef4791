#include "patchcore/patches.h"
#include "base/mem.h"
#include "base/thread.h"
#include "image/map.h"
#include "num/distance.h"
#include <stdlib.h>
#include <string.h>

struct patches patches_new(enum patch_rule rule, const struct taps *like)
{
    const struct tap *finest = &like->tap[like->finest];
    const bool binned = rule == PATCH_BINNED;
    const size_t positions = finest->height * finest->width;
    size_t widest = 0;
    for (size_t i = 0; i < like->n; i++)
        widest = like->tap[i].channels > widest ? like->tap[i].channels : widest;
    struct patches p = {.rule = rule,
                        .height = finest->height,
                        .width = finest->width,
                        .channels = binned ? PATCH_BINS : taps_channels(like)};
    p.dims = distance_padded(p.channels);
    const size_t largest = positions * (binned ? PATCH_BINS : widest);
    const size_t all = binned ? positions * like->n * PATCH_BINS : 0;
    mem_need((2 * largest + all) * sizeof(float), "the patches of an image");
    p.coarse = xaligned(largest, sizeof(float));
    p.fine = xaligned(largest, sizeof(float));
    p.raw = xaligned(all, sizeof(float));
    p.row = xaligned(binned ? 9 * widest : pool_size() * finest->width * widest, sizeof(float));
    return p;
}

void patches_free(struct patches *p)
{
    free(p->row);
    free(p->fine);
    free(p->coarse);
    free(p->raw);
    *p = (struct patches){0};
}

static void add(float *restrict sum, const float *restrict x, size_t n)
{
    enum { BLOCK = 16 };
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        for (size_t k = 0; k < BLOCK; k++)
            sum[i + k] += x[i + k];
    for (; i < n; i++)
        sum[i] += x[i];
}

static void divide(float *x, float by, size_t n)
{
    enum { BLOCK = 16 };
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        for (size_t k = 0; k < BLOCK; k++)
            x[i + k] /= by;
    for (; i < n; i++)
        x[i] /= by;
}

/* What becomes of one tap; tasks are its rows, or those of the grid. */
struct making {
    const struct patches *p;
    const struct tap *tap;
    const float *in; /* its vectors, on the grid */
    float *out;      /* its columns of the patches */
    size_t stride, channels;
};

/* The mean of 3 x 3, zeros beyond the edge counted, into p->coarse, which is shaped as the tap. */
static void pool_row(void *arg, size_t y, size_t worker)
{
    const struct making *m = arg;
    const struct tap *t = m->tap;
    const size_t c = t->channels, line = t->width * c;
    const float *in = t->value + y * line;
    float *row = m->p->row + worker * line, *o = m->p->coarse + y * line;
    memcpy(row, in, line * sizeof *row);
    if (y)
        add(row, in - line, line);
    if (y + 1 < t->height)
        add(row, in + line, line);
    memcpy(o, row, line * sizeof *o);
    if (t->width > 1) {
        add(o + c, row, line - c);
        add(o, row + c, line - c);
    }
    divide(o, 9, line);
}

static void place_row(void *arg, size_t y, size_t worker)
{
    (void)worker;
    const struct making *m = arg;
    const size_t width = m->p->width;
    for (size_t i = y * width; i < (y + 1) * width; i++)
        memcpy(m->out + i * m->stride, m->in + i * m->channels, m->channels * sizeof *m->in);
}

/* p->coarse, at the tap's own resolution, to its columns of out. */
static void enlarge(const struct patches *p, float *out, size_t stride, const struct tap *t, size_t channels)
{
    struct making m = {p, t, p->coarse, out, stride, channels};
    if (t->height != p->height || t->width != p->width) {
        map_resize(p->fine, p->height, p->width, p->coarse, t->height, t->width, channels, MAP_HALF_PIXEL);
        m.in = p->fine;
    }
    pool_run(p->height, place_row, &m);
}

static void make_pooled(struct patches *p, float *out, const struct taps *image)
{
    size_t at = 0;
    for (size_t i = 0; i < image->n; i++) {
        const struct tap *t = &image->tap[i];
        pool_run(t->height, pool_row, &(struct making){.p = p, .tap = t});
        enlarge(p, out + at, p->dims, t, t->channels);
        at += t->channels;
    }
}

/* Bin i is the mean of elements floor(i n/bins) to ceil((i + 1) n/bins) - 1. */
static void average_bins(float *out, size_t bins, const float *in, size_t n)
{
    for (size_t i = 0; i < bins; i++) {
        const size_t from = i * n / bins, to = ((i + 1) * n + bins - 1) / bins;
        float sum = 0;
        for (size_t k = from; k < to; k++)
            sum += in[k];
        out[i] = sum / (float)(to - from);
    }
}

/* The 3 x 3 neighbourhood of (y, x), channel by channel, zeros beyond the edge; out: channels x 9. */
static void neighbourhood(float *out, const struct tap *t, size_t y, size_t x)
{
    for (size_t k = 0; k < 9; k++) {
        const size_t row = y + k / 3, column = x + k % 3; /* one too many each */
        const bool inside = row >= 1 && row <= t->height && column >= 1 && column <= t->width;
        const float *in = inside ? t->value + ((row - 1) * t->width + column - 1) * t->channels : NULL;
        for (size_t c = 0; c < t->channels; c++)
            out[c * 9 + k] = in ? in[c] : 0;
    }
}

/* Enlarging and averaging are both linear and act on different axes: averaging first is the cheaper order. */
static void make_binned(struct patches *p, float *out, const struct taps *image)
{
    const size_t positions = p->height * p->width, wide = image->n * PATCH_BINS;
    for (size_t i = 0; i < image->n; i++) {
        const struct tap *t = &image->tap[i];
        for (size_t k = 0; k < t->height * t->width; k++) {
            neighbourhood(p->row, t, k / t->width, k % t->width);
            average_bins(p->coarse + k * PATCH_BINS, PATCH_BINS, p->row, 9 * t->channels);
        }
        enlarge(p, p->raw + i * PATCH_BINS, wide, t, PATCH_BINS);
    }
    for (size_t k = 0; k < positions; k++)
        average_bins(out + k * p->dims, PATCH_BINS, p->raw + k * wide, wide);
}

void patches_make(struct patches *p, float *out, const struct taps *image)
{
    for (size_t i = 0; p->channels < p->dims && i < p->height * p->width; i++)
        memset(out + i * p->dims + p->channels, 0, (p->dims - p->channels) * sizeof *out);
    if (p->rule == PATCH_POOLED)
        make_pooled(p, out, image);
    else
        make_binned(p, out, image);
}
