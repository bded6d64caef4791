#include "search/sketch.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/thread.h"
#include "search/near.h"
#include "search/principal.h"
#include "num/gemm.h"
#include "num/vector.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = SKETCH_DIMS - 1, BLOCK = 128, WALK = 64 * BLOCK };
/* How many times longer than the longest of the vectors that a space is made for another one may be. */
enum { MARGIN = 2 };
/* Beyond this squares would leave f32. */
#define REACH 1e18

_Static_assert(SKETCH_DIMS % 2 == 0, "numbers lie in pairs");

struct sketch_space {
    size_t dims;
    double *mean, *basis; /* dims; DIRECTIONS x dims */
    double step;
};

/* Some vectors, in blocks, on the pool. */
struct walking {
    const struct sketch_space *space;
    const float *x;
    size_t first;                 /* of those that are seen now, */
    size_t end;                   /* and behind them */
    struct sketches *s;           /* to be drawn, or */
    double longest[WALK / BLOCK]; /* of a block: the largest |x - mean|^2 */
};

/* In steps after which pages can be given back, where x lies on a disk. */
static void walk(struct walking *w, size_t n, void (*task)(void *, size_t, size_t))
{
    for (w->first = 0; w->first < n; w->first = w->end) {
        w->end = size_least(w->first + WALK, n);
        pool_run(size_parts(w->end - w->first, BLOCK), task, w);
        scratch_relax();
    }
}

static void measure_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    struct walking *w = arg;
    const size_t dims = w->space->dims, first = w->first + task * BLOCK,
                 end = size_least(first + BLOCK, w->end);
    double *centred = xaligned(dims, sizeof *centred);
    for (size_t i = first; i < end; i++)
        w->longest[task] =
            fmax(w->longest[task], vector_centre(centred, w->x + i * dims, w->space->mean, dims));
    free(centred);
}

/* So that what is MARGIN times as long as the longest of them has SKETCH_LONGEST steps. */
static double choose_step(const struct sketch_space *space, const float *x, size_t n)
{
    struct walking w = {.space = space, .x = x};
    double most = 0;
    walk(&w, n, measure_task);
    for (size_t i = 0; i < WALK / BLOCK; i++)
        most = fmax(most, w.longest[i]);
    return (most > 0 ? MARGIN * sqrt(most) : 1) / SKETCH_LONGEST;
}

struct sketch_space *sketch_space_new(const float *x, size_t n, size_t dims)
{
    struct sketch_space *s = xcalloc(1, sizeof *s);
    s->dims = dims;
    s->mean = xaligned(dims, sizeof *s->mean);
    s->basis = xaligned(DIRECTIONS * dims, sizeof *s->basis);
    principal_directions(s->mean, s->basis, DIRECTIONS, x, n, dims);
    s->step = choose_step(s, x, n);
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

size_t sketches_bytes(const struct sketches *s)
{
    const size_t row = s->rows.mapped ? 0 : SKETCH_DIMS * sizeof(int16_t);
    return s->n * (row + sizeof(int32_t) + sizeof(float));
}

struct sketches sketches_new(size_t n, const struct sketch_space *space)
{
    return (struct sketches){n, space->step, scratch_new(n * SKETCH_DIMS, sizeof(int16_t), "sketches"),
                             xaligned(n, sizeof(int32_t)), xaligned(n, sizeof(float))};
}

void sketches_free(struct sketches *s)
{
    scratch_free(&s->rows);
    free(s->square);
    free(s->error);
    *s = (struct sketches){0};
}

static int16_t *row_of(const struct sketches *s, size_t i)
{
    return (int16_t *)s->rows.data + i * SKETCH_DIMS;
}

void sketch_numbers(float out[SKETCH_DIMS], const struct sketches *s, size_t i)
{
    const int16_t *row = row_of(s, i);
    for (size_t k = 0; k < SKETCH_DIMS; k++)
        out[k] = row[k];
}

/* Sketch i from its coordinates and |x|^2. With a basis orthonormal to 1e-12 an entry, f64 errs by less than
 * 1e-5 |x|, also in the length of the rest, where a difference's root may lose half of the digits. Rounding
 * makes a sketch longer by less than three steps. */
static void draw_one(struct sketches *s, size_t i, double exact[SKETCH_DIMS], double whole)
{
    int16_t *row = row_of(s, i);
    const double longest = (SKETCH_LONGEST - 3) * s->step, length = sqrt(whole);
    const double pull = length > longest ? longest / length : 1;
    double seen = 0, error = 0;
    int32_t square = 0;
    if (!(whole < REACH * REACH))
        die("vectors are too large to be compared: %g from their mean", length);
    for (size_t k = 0; k < DIRECTIONS; k++)
        seen += exact[k] * exact[k];
    exact[DIRECTIONS] = sqrt(fmax(whole - seen, 0));
    for (size_t k = 0; k < SKETCH_DIMS; k++) {
        row[k] = (int16_t)lrint(exact[k] * pull / s->step);
        square += row[k] * row[k];
        error += pow(row[k] * s->step - exact[k], 2);
    }
    s->square[i] = square;
    s->error[i] = (float)((sqrt(error) + 1e-5 * length) * (1 + 1e-6) + (double)FLT_MIN);
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

static void draw_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct walking *w = arg;
    const size_t first = w->first + task * BLOCK;
    sketches_draw(w->s, first, w->space, w->x + first * w->space->dims, size_least(BLOCK, w->end - first));
}

void sketches_draw_all(struct sketches *s, const struct sketch_space *space, const float *x)
{
    struct walking w = {.space = space, .x = x, .s = s};
    walk(&w, s->n, draw_task);
}

size_t sketch_panels_bytes(size_t n)
{
    return size_parts(n, SKETCH_PANEL) * SKETCH_PANEL * (SKETCH_DIMS * sizeof(int16_t) + sizeof(int32_t));
}

struct sketch_panels sketch_panels_new(size_t n)
{
    struct sketch_panels p = {.panels = size_parts(n, SKETCH_PANEL)};
    const size_t places = p.panels * SKETCH_PANEL;
    p.data = xaligned(places * SKETCH_DIMS, sizeof *p.data);
    p.offset = xaligned(places, sizeof *p.offset);
    memset(p.data, 0, places * SKETCH_DIMS * sizeof *p.data);
    for (size_t j = 0; j < places; j++)
        p.offset[j] = SKETCH_NONE;
    return p;
}

void sketch_panels_free(struct sketch_panels *p)
{
    free(p->data);
    free(p->offset);
    *p = (struct sketch_panels){0};
}

void sketch_panels_put(struct sketch_panels *p, size_t j, const struct sketches *s, size_t i)
{
    const size_t column = j % SKETCH_PANEL;
    int16_t *panel = p->data + (j - column) * SKETCH_DIMS;
    for (size_t k = 0; k < SKETCH_DIMS; k++)
        panel[sketch_place(k, column)] = row_of(s, i)[k];
    p->offset[j] = s->square[i] / 2;
    p->error = fmax(p->error, (double)s->error[i]);
}

void sketch_compare(uint64_t *mask, int32_t *value, const int32_t *limit, const struct sketches *s,
                    const uint32_t *row, size_t count, const struct sketch_panels *p, const int32_t *offset,
                    size_t panel)
{
    const int16_t *in[SKETCH_ROWS];
    for (size_t r = 0; r < count; r++)
        in[r] = row_of(s, row[r]);
    near_panel(mask, value, in, limit, count, p->data + panel * SKETCH_PANEL * SKETCH_DIMS,
               offset + panel * SKETCH_PANEL);
}

/* With u = 2^-24: a distance that distance_squared gives as `squared` is at most so times 1 + (dims/16 + 8)
 * u; the sketches are no farther apart than that and their errors. In steps. */
static double apart(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                    size_t dims)
{
    const double u = (double)FLT_EPSILON / 2;
    const double true_squared = (double)squared * (1 + 2 * ((double)dims / 16 + 8) * u) + (double)FLT_MIN;
    return (sqrt(true_squared) + (double)s->error[i] + p->error) / s->step * (1 + 1e-12);
}

int32_t sketch_limit(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                     size_t dims)
{
    const double most = apart(s, i, p, squared, dims), limit = (most * most - s->square[i]) / 2;
    return limit < SKETCH_ALL ? (int32_t)floor(limit) : SKETCH_ALL;
}

float sketch_reach(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                   size_t dims)
{
    const double most = apart(s, i, p, squared, dims);
    return (float)(most * most * (1 + 2e-5));
}
