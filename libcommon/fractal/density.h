/* Hit counts of an attractor's points on a square canvas. */
#ifndef FRACTAL_DENSITY_H
#define FRACTAL_DENSITY_H
#include "fractal/chaos.h"

/* The part of the plane that a canvas shows, and how it lies: row = trunc((x - x0) * x_scale), column from y
 * (x runs downwards, as in the published generators), then one of the eight symmetries of the square. */
struct canvas_view {
    float x0, x_scale, y0, y_scale;
    bool transpose, flip_rows, flip_columns;
};

/* The view of side x side pixels whose first and last rows and columns are the ends of these intervals. An
 * empty interval counts as one of length 1. */
struct canvas_view view_of(double x_lo, double x_hi, double y_lo, double y_hi, size_t side);

/* Counts, saturating at 65,535, row by row with one zero cell around: pixel (r, c) is cell[(r+1) * (side+2) +
 * c+1]. `sum`, where it is not NULL, adds up what position on a palette the points of a cell have. */
struct density {
    size_t side;
    uint16_t *cell;
    uint32_t *sum;
};
/* Memory for sides up to side_max; density_free frees it. */
struct density density_new(size_t side_max, bool with_sums);
void density_free(struct density *d);
static inline size_t density_stride(const struct density *d)
{
    return d->side + 2;
}

/* Counts the points in the view; those outside are left out. Sets d->side (at most the side_max of
 * density_new). With sums, the points must carry their maps. A point's position is that of the point before
 * it in the chain and that of its map, in the middle: maps lie evenly on 0..255 (the flame algorithm's colour
 * coordinate). So parts of an attractor that are images under different maps differ. */
void density_count(struct density *d, size_t side, const struct chaos_points *p, const struct canvas_view *v);
/* Every hit also counts in neighbouring cells: bit 3 (i+1) + (j+1) of `patch` stands for the offset (i, j), i
 * and j in -1..1 (Anderson & Farrell's 3x3 patch, drawn once an image: counting then is a correlation). `out`
 * has sums where `in` has. */
void density_patch(struct density *out, const struct density *in, unsigned patch);
uint16_t density_max(const struct density *d);
/* Pixels with a count. */
size_t density_filled(const struct density *d);

/* Kernels: plain C and AVX2 give the same. */
struct density_frame {
    float x0, x_scale, y0, y_scale, side;
    int32_t origin, row, column; /* cell = origin + r * row + c * column */
    int32_t outside;             /* the cell that takes points outside */
};
struct density_kernels {
    /* The cells of n points, a multiple of CHAOS_CHAINS. */
    void (*locate)(uint32_t *at, const float *x, const float *y, size_t n, const struct density_frame *f);
    /* out[i] = saturating sum of in[i + offset[j]], i < n. */
    void (*sum)(uint16_t *out, const uint16_t *in, size_t n, const ptrdiff_t *offset, size_t offsets);
    uint16_t (*max)(const uint16_t *cell, size_t n);
};
extern const struct density_kernels density_plain, density_avx2;
#endif
