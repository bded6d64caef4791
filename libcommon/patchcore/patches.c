#include "patchcore/patches.h"
#include "base/mem.h"
#include "image/map.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tap {
    size_t height, width, channels;
    float *data;
};

struct patcher {
    enum patch_rule rule;
    size_t taps; /* 0 until the first record */
    struct tap tap[NPYS_ARRAYS_MAX];
    char *names; /* arrays= of the first record, or NULL */
    struct patch_shape shape;
    float *row, *fine, *coarse;
};

struct patcher *patcher_new(enum patch_rule rule)
{
    struct patcher *p = xcalloc(1, sizeof *p);
    p->rule = rule;
    return p;
}

void patcher_free(struct patcher *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->taps; i++)
        free(p->tap[i].data);
    free(p->names);
    free(p->row);
    free(p->fine);
    free(p->coarse);
    free(p);
}

/* What messages call an array: its part of arrays=, else its number. */
struct tap_name {
    char text[80];
};

static struct tap_name tap_name(const struct npys_record *rec, size_t i)
{
    struct tap_name name;
    const char *at = note_get(&rec->note, "arrays");
    for (size_t k = 0; at && k < i; k++)
        at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',');
    if (at)
        snprintf(name.text, sizeof name.text, "tap %.*s", (int)strcspn(at, ","), at);
    else
        snprintf(name.text, sizeof name.text, "array %zu", i + 1);
    return name;
}

static struct tap tap_shape(const struct npys_reader *r, const struct npys_record *rec, size_t i)
{
    const struct tensor *t = &rec->array[i];
    char shape[128];
    if (t->type != DT_F32 && t->type != DT_F16)
        npys_reader_die(r, "%s is not of type f4 or f2", tap_name(rec, i).text);
    if (t->rank == 1 && t->dim[0])
        return (struct tap){1, 1, t->dim[0], NULL};
    if (t->rank != 3 || tensor_count(t) == 0)
        npys_reader_die(r, "%s has shape %s, not height x width x channels", tap_name(rec, i).text,
                        tensor_shape_text(t, shape));
    return (struct tap){t->dim[0], t->dim[1], t->dim[2], NULL};
}

static void choose_grid(struct patcher *p, const struct npys_reader *r)
{
    struct patch_shape s = {0};
    for (size_t i = 0; i < p->taps; i++) {
        const struct tap *t = &p->tap[i];
        if (t->height * t->width > s.height * s.width) {
            s.height = t->height;
            s.width = t->width;
        }
        s.channels += t->channels;
    }
    for (size_t i = 0; i < p->taps; i++)
        if (p->tap[i].height > s.height || p->tap[i].width > s.width)
            npys_reader_die(r, "no tap is the largest in height and in width");
    if (p->rule == PATCH_BINNED)
        s.channels = PATCH_BINS;
    p->shape = s;
}

static void take_workspace(struct patcher *p)
{
    size_t largest = 0, widest = 0;
    for (size_t i = 0; i < p->taps; i++) {
        struct tap *t = &p->tap[i];
        size_t channels = p->rule == PATCH_BINNED ? PATCH_BINS : t->channels;
        t->data = xaligned(t->height * t->width * t->channels, sizeof *t->data);
        if (channels > largest)
            largest = channels;
        if (t->channels > widest)
            widest = t->channels;
    }
    const size_t positions = p->shape.height * p->shape.width;
    mem_need(2 * positions * largest * sizeof(float), "enlarging features");
    p->coarse = xaligned(positions * largest, sizeof(float));
    p->fine = xaligned(positions * largest, sizeof(float));
    size_t line = p->shape.width * widest;
    if (p->rule == PATCH_BINNED)
        line = 9 * widest + p->taps * PATCH_BINS;
    p->row = xaligned(line, sizeof(float));
}

static void set_shapes(struct patcher *p, const struct npys_reader *r, const struct npys_record *rec)
{
    if (rec->n == 0)
        npys_reader_die(r, "a record without features");
    for (size_t i = 0; i < rec->n; i++)
        p->tap[i] = tap_shape(r, rec, i);
    p->taps = rec->n;
    const char *names = note_get(&rec->note, "arrays");
    p->names = names ? xstrdup(names) : NULL;
    choose_grid(p, r);
    take_workspace(p);
}

static void check_shapes(const struct patcher *p, const struct npys_reader *r, const struct npys_record *rec)
{
    const char *names = note_get(&rec->note, "arrays");
    if (names && p->names && strcmp(names, p->names) != 0)
        npys_reader_die(r, "taps %s, but %s before", names, p->names);
    if (rec->n != p->taps)
        npys_reader_die(r, "%zu taps, but %zu before", rec->n, p->taps);
    for (size_t i = 0; i < rec->n; i++) {
        const struct tap t = tap_shape(r, rec, i), *want = &p->tap[i];
        if (t.height != want->height || t.width != want->width || t.channels != want->channels)
            npys_reader_die(r, "%s is %zux%zux%zu, but %zux%zux%zu before: images of different sizes?",
                            tap_name(rec, i).text, t.height, t.width, t.channels, want->height, want->width,
                            want->channels);
    }
}

/* NaN and infinity have all bits of the exponent set. */
static bool all_finite(const float *x, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

void patcher_load(struct patcher *p, const struct npys_reader *r, const struct npys_record *rec)
{
    if (p->taps)
        check_shapes(p, r, rec);
    else
        set_shapes(p, r, rec);
    for (size_t i = 0; i < p->taps; i++) {
        tensor_to_f32(p->tap[i].data, &rec->array[i]);
        if (!all_finite(p->tap[i].data, tensor_count(&rec->array[i])))
            npys_reader_die(r, "%s holds NaN or infinity", tap_name(rec, i).text);
    }
}

struct patch_shape patcher_shape(const struct patcher *p)
{
    return p->shape;
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

/* The mean of 3 x 3, zeros beyond the edge counted; out is shaped as the tap. row: width x channels. */
static void pool(float *out, const struct tap *t, float *row)
{
    const size_t c = t->channels, line = t->width * c;
    for (size_t y = 0; y < t->height; y++) {
        const float *in = t->data + y * line;
        float *o = out + y * line;
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
}

/* out: positions x stride, of which each position gets `channels`. */
static void place(float *out, size_t stride, const float *in, size_t positions, size_t channels)
{
    for (size_t i = 0; i < positions; i++)
        memcpy(out + i * stride, in + i * channels, channels * sizeof *in);
}

/* coarse, at the tap's own resolution, to its columns of out. */
static void enlarge(const struct patcher *p, float *out, size_t stride, const struct tap *t,
                    const float *coarse, size_t channels)
{
    const struct patch_shape *s = &p->shape;
    const float *in = coarse;
    if (t->height != s->height || t->width != s->width) {
        map_resize(p->fine, s->height, s->width, coarse, t->height, t->width, channels, MAP_HALF_PIXEL);
        in = p->fine;
    }
    place(out, stride, in, s->height * s->width, channels);
}

static void make_pooled(struct patcher *p, float *out)
{
    size_t at = 0;
    for (size_t i = 0; i < p->taps; i++) {
        const struct tap *t = &p->tap[i];
        pool(p->coarse, t, p->row);
        enlarge(p, out + at, p->shape.channels, t, p->coarse, t->channels);
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
        const float *in = inside ? t->data + ((row - 1) * t->width + column - 1) * t->channels : NULL;
        for (size_t c = 0; c < t->channels; c++)
            out[c * 9 + k] = in ? in[c] : 0;
    }
}

/* Enlarging and averaging are both linear and act on different axes: averaging first is the cheaper order. */
static void make_binned(struct patcher *p, float *out)
{
    const size_t positions = p->shape.height * p->shape.width, wide = p->taps * PATCH_BINS;
    float *all = xaligned(positions * wide, sizeof *all);
    for (size_t i = 0; i < p->taps; i++) {
        const struct tap *t = &p->tap[i];
        for (size_t k = 0; k < t->height * t->width; k++) {
            neighbourhood(p->row, t, k / t->width, k % t->width);
            average_bins(p->coarse + k * PATCH_BINS, PATCH_BINS, p->row, 9 * t->channels);
        }
        enlarge(p, all + i * PATCH_BINS, wide, t, p->coarse, PATCH_BINS);
    }
    for (size_t k = 0; k < positions; k++)
        average_bins(out + k * PATCH_BINS, PATCH_BINS, all + k * wide, wide);
    free(all);
}

void patcher_make(struct patcher *p, float *out)
{
    if (p->rule == PATCH_POOLED)
        make_pooled(p, out);
    else
        make_binned(p, out);
}
