/* Sketches: 32 numbers that say cheaply which of many vectors can't be near to one. 31 are a vector's
 * coordinates along the directions of the largest variance, the last is the length of what they leave; so two
 * sketches are never farther apart than their vectors, and hardly nearer.
 *
 * They are kept in bf16 where this CPU multiplies it, else in f32, and compared by the convolutions' kernels.
 * How far rounding moved a sketch is known exactly, and every test is loosened by it: what a test excludes is
 * excluded for certain, whatever the CPU.
 *
 * Vectors have dims elements, a multiple of DISTANCE_LANES, and lie within 1e18 of their mean; drawing dies
 * on others. */
#ifndef SEARCH_SKETCH_H
#define SEARCH_SKETCH_H
#include "base/scratch.h"
#include <stddef.h>
#include <stdint.h>

enum { SKETCH_DIMS = 32, SKETCH_PANEL = 64, SKETCH_ROWS = 48 };

/* Directions of a sample of n vectors. */
struct sketch_space;
struct sketch_space *sketch_space_new(const float *x, size_t n, size_t dims);
void sketch_space_free(struct sketch_space *s);

/* The sketches of n vectors. */
struct sketches {
    size_t n;
    struct scratch rows; /* n x SKETCH_DIMS of bf16 or f32; may lie on a disk */
    float *square;       /* n: |sketch|^2 */
    float *error;        /* n: how far the sketch is from the exact one, at most */
};
struct sketches sketches_new(size_t n);
size_t sketches_bytes(size_t n);
void sketches_free(struct sketches *s);
/* Sketches of `count` vectors x, from number `first` on. */
void sketches_draw(struct sketches *s, size_t first, const struct sketch_space *space, const float *x,
                   size_t count);
/* The same of all, on the pool. x may lie on a disk (base/scratch.h). */
void sketches_draw_all(struct sketches *s, const struct sketch_space *space, const float *x);

/* The numbers of sketch i, as they are kept. */
void sketch_numbers(float out[SKETCH_DIMS], const struct sketches *s, size_t i);

/* Sketches as the other side of a comparison, 64 a panel, side by side. */
struct sketch_panels {
    size_t panels;
    void *data;           /* panel x SKETCH_DIMS x SKETCH_PANEL */
    float *offset;        /* |sketch|^2, NAN where there is none: such a one is never near */
    double error, widest; /* the largest error and |sketch| so far */
};
struct sketch_panels sketch_panels_new(size_t n);
size_t sketch_panels_bytes(size_t n);
void sketch_panels_free(struct sketch_panels *p);
/* Puts sketch i of s in place j. */
void sketch_panels_put(struct sketch_panels *p, size_t j, const struct sketches *s, size_t i);

/* values[r * SKETCH_PANEL + j] = |sketch j of the panel|^2 - 2 of its product with sketch row[r] of s, for
 * count rows (at most SKETCH_ROWS). offset: as the panels have it, or another. */
void sketch_compare(float *values, const struct sketches *s, const uint32_t *row, size_t count,
                    const struct sketch_panels *p, const float *offset, size_t panel);
/* The largest squared distance from sketch i to that of a vector that may be no farther from vector i than `squared`, as
 * distance_squared rounds it; 1e-5 of it more, for who measures the distance of sketches in f32. */
float sketch_reach(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                   size_t dims);
/* The largest value of sketch_compare for a vector that may be so. */
float sketch_limit(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                   size_t dims);
#endif
