#include "fractal/density.h"
#include "base/mem.h"
#include "num/cpu.h"
#include <stdlib.h>
#include <string.h>

struct canvas_view view_of(double x_lo, double x_hi, double y_lo, double y_hi, size_t side)
{
    double x_span = x_hi > x_lo ? x_hi - x_lo : 1, y_span = y_hi > y_lo ? y_hi - y_lo : 1;
    double last = (double)side - 1;
    return (struct canvas_view){
        (float)x_lo, (float)(last / x_span), (float)y_lo, (float)(last / y_span), false, false, false};
}

static size_t cells(size_t side)
{
    return (side + 2) * (side + 2);
}

struct density density_new(size_t side_max, bool with_sums)
{
    size_t n = cells(side_max) + 1; /* the last takes the points outside */
    struct density d = {side_max, xaligned(n, sizeof(uint16_t)), NULL};
    if (with_sums)
        d.sum = xaligned(n, sizeof(uint32_t));
    return d;
}

void density_free(struct density *d)
{
    free(d->cell);
    free(d->sum);
    *d = (struct density){0};
}

static void locate(uint32_t *at, const float *x, const float *y, size_t n, const struct density_frame *f)
{
    for (size_t i = 0; i < n; i++) {
        float u = (x[i] - f->x0) * f->x_scale, v = (y[i] - f->y0) * f->y_scale;
        bool inside = u >= 0 && u < f->side && v >= 0 && v < f->side;
        at[i] = (uint32_t)(inside ? f->origin + (int32_t)u * f->row + (int32_t)v * f->column : f->outside);
    }
}

static void saturating_sum(uint16_t *out, const uint16_t *in, size_t n, const ptrdiff_t *offset,
                           size_t offsets)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t sum = 0;
        for (size_t j = 0; j < offsets; j++)
            sum += in[(ptrdiff_t)i + offset[j]];
        out[i] = sum < UINT16_MAX ? (uint16_t)sum : UINT16_MAX;
    }
}

static uint16_t largest(const uint16_t *cell, size_t n)
{
    uint16_t max = 0;
    for (size_t i = 0; i < n; i++)
        max = cell[i] > max ? cell[i] : max;
    return max;
}

const struct density_kernels density_plain = {locate, saturating_sum, largest};

static const struct density_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &density_plain, [CPU_AVX2] = CPU_X86(density_avx2)};
    return cpu_choose(by_level);
}

/* Flips and the transpose are a matter of strides. */
static struct density_frame frame_of(const struct canvas_view *v, size_t side)
{
    int32_t stride = (int32_t)side + 2, last = (int32_t)side - 1;
    struct density_frame f = {v->x0, v->x_scale, v->y0, v->y_scale, (float)side, stride + 1, stride, 1, 0};
    f.outside = stride * stride;
    if (v->flip_rows) {
        f.origin += last * stride;
        f.row = -stride;
    }
    if (v->flip_columns) {
        f.origin += last;
        f.column = -1;
    }
    if (v->transpose) {
        int32_t t = f.row;
        f.row = f.column;
        f.column = t;
    }
    return f;
}

/* Points are located some at a time, so that their cells stay in the first cache. */
enum { CHUNK = 1024 };

static void count_hits(uint16_t *cell, const uint32_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cell[at[i]] = (uint16_t)(cell[at[i]] + (cell[at[i]] != UINT16_MAX));
}

/* `position` of each chain goes on from chunk to chunk. */
static void sum_positions(uint32_t *sum, const uint32_t *at, size_t n, const uint8_t *map,
                          const unsigned *map_position, unsigned position[CHAOS_CHAINS])
{
    for (size_t i = 0; i < n; i++) {
        unsigned *p = &position[i % CHAOS_CHAINS];
        *p = (*p + map_position[map[i]]) / 2;
        sum[at[i]] += *p >> 8;
    }
}

void density_count(struct density *d, size_t side, const struct chaos_points *p, const struct canvas_view *v)
{
    struct density_frame f = frame_of(v, side);
    unsigned position[CHAOS_CHAINS], map_position[IFS_MAPS_MAX];
    uint32_t at[CHUNK];
    for (unsigned i = 0; i < CHAOS_CHAINS; i++)
        position[i] = 128 << 8;
    for (unsigned i = 0; i < IFS_MAPS_MAX; i++)
        map_position[i] = p->maps > 1 ? (255 << 8) * i / (unsigned)(p->maps - 1) : 0;

    d->side = side;
    memset(d->cell, 0, (cells(side) + 1) * sizeof *d->cell);
    if (d->sum)
        memset(d->sum, 0, (cells(side) + 1) * sizeof *d->sum);
    for (size_t i = 0; i < p->n; i += CHUNK) {
        size_t n = p->n - i < CHUNK ? p->n - i : CHUNK;
        kernels()->locate(at, p->x + i, p->y + i, n, &f);
        count_hits(d->cell, at, n);
        if (d->sum)
            sum_positions(d->sum, at, n, p->map + i, map_position, position);
    }
}

static void patch_sums(uint32_t *out, const uint32_t *in, size_t n, const ptrdiff_t *offset, size_t offsets)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t sum = 0;
        for (size_t j = 0; j < offsets; j++)
            sum += in[(ptrdiff_t)i + offset[j]];
        out[i] = sum;
    }
}

void density_patch(struct density *out, const struct density *in, unsigned patch)
{
    ptrdiff_t offset[9], stride = (ptrdiff_t)density_stride(in);
    size_t offsets = 0;
    for (int i = 0; i < 9; i++)
        if (patch >> i & 1)
            offset[offsets++] = -((i / 3 - 1) * stride + i % 3 - 1);
    out->side = in->side;
    memset(out->cell, 0, cells(in->side) * sizeof *out->cell);
    for (size_t r = 1; r <= in->side; r++) {
        size_t at = r * (size_t)stride + 1;
        kernels()->sum(out->cell + at, in->cell + at, in->side, offset, offsets);
        if (in->sum)
            patch_sums(out->sum + at, in->sum + at, in->side, offset, offsets);
    }
}

uint16_t density_max(const struct density *d)
{
    return kernels()->max(d->cell, cells(d->side));
}

size_t density_filled(const struct density *d)
{
    size_t filled = 0;
    for (size_t i = 0; i < cells(d->side); i++)
        filled += d->cell[i] != 0;
    return filled;
}
