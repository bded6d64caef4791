#include "search/sketch.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/thread.h"
#include "search/principal.h"
#include "conv/conv.h"
#include "num/gemm.h"
#include "num/precision.h"
#include "num/vector.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = SKETCH_DIMS - 1, BLOCK = 128, WALK = 64 * BLOCK };
/* Beyond this squares would leave f32. */
#define REACH 1e18

_Static_assert((int)SKETCH_PANEL == (int)CONV_PANEL && SKETCH_DIMS % 32 == 0,
               "sketches lie as the kernels read");

struct sketch_space {
    size_t dims;
    double *mean, *basis; /* dims; DIRECTIONS x dims */
};

struct sketch_space *sketch_space_new(const float *x, size_t n, size_t dims)
{
    struct sketch_space *s = xcalloc(1, sizeof *s);
    s->dims = dims;
    s->mean = xaligned(dims, sizeof *s->mean);
    s->basis = xaligned(DIRECTIONS * dims, sizeof *s->basis);
    principal_directions(s->mean, s->basis, DIRECTIONS, x, n, dims);
    return s;
}

void sketch_space_free(struct sketch_space *s)
{
    if (!s)
        return;
    free(s->mean);
    free(s->basis);
    free(s);
}

size_t sketches_bytes(size_t n)
{
    return n * (SKETCH_DIMS * dtype_size(precision_auto()) + 2 * sizeof(float));
}

struct sketches sketches_new(size_t n)
{
    return (struct sketches){n, scratch_new(n * SKETCH_DIMS, dtype_size(precision_auto()), "sketches"),
                             xaligned(n, sizeof(float)), xaligned(n, sizeof(float))};
}

void sketches_free(struct sketches *s)
{
    scratch_free(&s->rows);
    free(s->square);
    free(s->error);
    *s = (struct sketches){0};
}

static void *row_of(const struct sketches *s, size_t i)
{
    return (char *)s->rows.data + i * SKETCH_DIMS * dtype_size(precision_auto());
}

static void put_number(void *row, size_t i, double x)
{
    if (precision_auto() == DT_BF16)
        ((uint16_t *)row)[i] = f32_to_bf16((float)x);
    else
        ((float *)row)[i] = (float)x;
}

static double number(const void *row, size_t i)
{
    return precision_auto() == DT_BF16 ? (double)bf16_to_f32(((const uint16_t *)row)[i])
                                       : (double)((const float *)row)[i];
}

void sketch_numbers(float out[SKETCH_DIMS], const struct sketches *s, size_t i)
{
    const void *row = row_of(s, i);
    for (size_t k = 0; k < SKETCH_DIMS; k++)
        out[k] = (float)number(row, k);
}

/* Sketch i from its coordinates and |x|^2. With a basis orthonormal to 1e-12 an entry, f64 errs by less than
 * 1e-5 |x|, also in the length of the rest, where a difference's root may lose half of the digits. */
static void draw_one(struct sketches *s, size_t i, double exact[SKETCH_DIMS], double whole)
{
    void *row = row_of(s, i);
    double seen = 0, square = 0, error = 0;
    for (size_t k = 0; k < DIRECTIONS; k++)
        seen += exact[k] * exact[k];
    exact[DIRECTIONS] = sqrt(fmax(whole - seen, 0));
    for (size_t k = 0; k < SKETCH_DIMS; k++) {
        put_number(row, k, exact[k]);
        const double kept = number(row, k);
        square += kept * kept;
        error += (kept - exact[k]) * (kept - exact[k]);
    }
    if (!(square < REACH * REACH))
        die("vectors are too large to be compared: %g from their mean", sqrt(whole));
    s->square[i] = (float)square;
    s->error[i] = (float)((sqrt(error) + 1e-5 * sqrt(whole)) * (1 + 1e-6) + (double)FLT_MIN);
}

void sketches_draw(struct sketches *s, size_t first, const struct sketch_space *space, const float *x,
                   size_t count)
{
    const size_t dims = space->dims;
    double *centred = xaligned(count * dims, sizeof *centred), *whole = xaligned(count, sizeof *whole);
    double *part = xaligned(count * SKETCH_DIMS, sizeof *part);
    for (size_t i = 0; i < count; i++)
        whole[i] = vector_centre(centred + i * dims, x + i * dims, space->mean, dims);
    gemm_f64(count, DIRECTIONS, dims, 1, centred, (ptrdiff_t)dims, 1, space->basis, 1, (ptrdiff_t)dims, 0,
             part, SKETCH_DIMS, 1);
    for (size_t i = 0; i < count; i++)
        draw_one(s, first + i, part + i * SKETCH_DIMS, whole[i]);
    free(whole);
    free(part);
    free(centred);
}

struct drawing {
    struct sketches *s;
    const struct sketch_space *space;
    const float *x;
    size_t first; /* of those that are drawn now, */
    size_t end;   /* and behind them */
};

static void draw_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct drawing *d = arg;
    const size_t first = d->first + task * BLOCK;
    sketches_draw(d->s, first, d->space, d->x + first * d->space->dims, size_least(BLOCK, d->end - first));
}

void sketches_draw_all(struct sketches *s, const struct sketch_space *space, const float *x)
{
    for (size_t first = 0, n; first < s->n; first += n) {
        n = size_least(s->n - first, WALK);
        pool_run(size_parts(n, BLOCK), draw_task, &(struct drawing){s, space, x, first, first + n});
        scratch_relax();
    }
}

size_t sketch_panels_bytes(size_t n)
{
    return size_parts(n, SKETCH_PANEL) * SKETCH_PANEL *
           (SKETCH_DIMS * dtype_size(precision_auto()) + sizeof(float));
}

struct sketch_panels sketch_panels_new(size_t n)
{
    struct sketch_panels p = {.panels = size_parts(n, SKETCH_PANEL)};
    const size_t places = p.panels * SKETCH_PANEL;
    p.data = xaligned(places * SKETCH_DIMS, dtype_size(precision_auto()));
    p.offset = xaligned(places, sizeof *p.offset);
    memset(p.data, 0, places * SKETCH_DIMS * dtype_size(precision_auto()));
    for (size_t j = 0; j < places; j++)
        p.offset[j] = NAN;
    return p;
}

void sketch_panels_free(struct sketch_panels *p)
{
    free(p->data);
    free(p->offset);
    *p = (struct sketch_panels){0};
}

/* The layout of conv.h's panels: of bf16, neighbours in depth lie side by side. */
void sketch_panels_put(struct sketch_panels *p, size_t j, const struct sketches *s, size_t i)
{
    const enum dtype type = precision_auto();
    const size_t size = dtype_size(type), deep = sizeof(float) / size, column = j % SKETCH_PANEL;
    const void *row = row_of(s, i);
    char *panel = (char *)p->data + (j - column) * SKETCH_DIMS * size;
    for (size_t k = 0; k < SKETCH_DIMS; k++)
        put_number(panel, (k / deep * SKETCH_PANEL + column) * deep + k % deep, -2 * number(row, k));
    p->offset[j] = s->square[i];
    p->error = fmax(p->error, (double)s->error[i]);
    p->widest = fmax(p->widest, sqrt((double)s->square[i]));
}

void sketch_compare(float *values, const struct sketches *s, const uint32_t *row, size_t count,
                    const struct sketch_panels *p, const float *offset, size_t panel)
{
    const enum dtype type = precision_auto();
    const size_t bytes = SKETCH_DIMS * dtype_size(type);
    const void *in[SKETCH_ROWS];
    for (size_t r = 0; r < count; r++)
        in[r] = (const char *)s->rows.data + row[r] * bytes;
    conv_panel_products(values, in, count, (const char *)p->data + panel * SKETCH_PANEL * bytes,
                        offset + panel * SKETCH_PANEL, SKETCH_DIMS, type);
}

/* With u = 2^-24: a distance that distance_squared gives as `squared` is at most so times 1 + (dims/16 + 8)
 * u; the sketches are no farther apart than that and their errors. */
static double apart(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                    size_t dims)
{
    const double u = (double)FLT_EPSILON / 2;
    const double true_squared = (double)squared * (1 + 2 * ((double)dims / 16 + 8) * u) + (double)FLT_MIN;
    return sqrt(true_squared) + (double)s->error[i] + p->error;
}

float sketch_reach(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                   size_t dims)
{
    const double most = apart(s, i, p, squared, dims);
    return (float)(most * most * (1 + 2e-5));
}

/* A value errs by at most 66 u (|a| + |b|)^2, and by products that bf16 instructions take for zero, each below
 * FLT_MIN. */
float sketch_limit(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                   size_t dims)
{
    const double u = (double)FLT_EPSILON / 2, square = s->square[i];
    const double most = apart(s, i, p, squared, dims), reach = sqrt(square) + p->widest;
    const double limit = most * most - square + 80 * u * reach * reach + 128 * (double)FLT_MIN;
    return (float)(limit + fabs(limit) * 1e-6);
}
