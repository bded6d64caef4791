/* Sketches: 32 numbers that say cheaply which of many vectors can't be near to one. 31 are a vector's
 * coordinates along the directions of the largest variance, the last is the length of what they leave; so two
 * sketches are never farther apart than their vectors, and hardly nearer.
 *
 * They are kept as whole numbers of 16 bits, in steps, and compared in 32 (search/near.h), without an error and alike on every CPU. How
 * far rounding moved a sketch is known exactly, and every test is loosened by it: what a test excludes is excluded for certain. No
 * sketch is longer than SKETCH_LONGEST steps, twice the longest of the vectors that their space was made for; one that would be is
 * pulled there, and loosens its tests by as much.
 *
 * Vectors have dims elements, a multiple of DISTANCE_LANES, and lie within 1e18 of their mean; drawing dies
 * on others. */
#ifndef SEARCH_SKETCH_H
#define SEARCH_SKETCH_H
#include "base/scratch.h"
#include <stddef.h>
#include <stdint.h>

enum { SKETCH_DIMS = 32, SKETCH_PANEL = 64, SKETCH_ROWS = 48 };
/* The length's square fits 30 bits, and so does what is computed from two: half of a square less a product, which is below SKETCH_ALL.
 * A place without a vector has the offset SKETCH_NONE: whatever is subtracted, it stays above. */
enum { SKETCH_LONGEST = 23170, SKETCH_ALL = (1 << 30) - 1, SKETCH_NONE = 3 << 29 };

/* Directions of a sample of n vectors, and the step for all of them. On the pool; x may lie on a disk (base/scratch.h). */
struct sketch_space;
struct sketch_space *sketch_space_new(const float *x, size_t n, size_t dims);
void sketch_space_free(struct sketch_space *s);

/* The sketches of n vectors. */
struct sketches {
    size_t n;
    double step;         /* the unit of their numbers */
    struct scratch rows; /* n x SKETCH_DIMS of int16_t; may lie on a disk */
    int32_t *square;     /* n: |sketch|^2, in steps */
    float *error;        /* n: how far the sketch is from the exact one, at most */
};
struct sketches sketches_new(size_t n, const struct sketch_space *space);
/* Of memory. */
size_t sketches_bytes(const struct sketches *s);
void sketches_free(struct sketches *s);
/* Sketches of `count` vectors x, from number `first` on. */
void sketches_draw(struct sketches *s, size_t first, const struct sketch_space *space, const float *x,
                   size_t count);
/* The same of all, on the pool. x may lie on a disk. */
void sketches_draw_all(struct sketches *s, const struct sketch_space *space, const float *x);

/* The numbers of sketch i, in steps. */
void sketch_numbers(float out[SKETCH_DIMS], const struct sketches *s, size_t i);

/* Sketches as the other side of a comparison, 64 a panel, side by side. */
struct sketch_panels {
    size_t panels;
    int16_t *data;   /* panel x SKETCH_DIMS / 2 x SKETCH_PANEL x 2 */
    int32_t *offset; /* half of |sketch|^2, rounded down; SKETCH_NONE where there is none */
    double error;    /* the largest so far */
};
/* Where number k of sketch j of a panel lies in it: numbers that are multiplied as a pair lie side by side. */
static inline size_t sketch_place(size_t k, size_t j)
{
    return (k / 2 * SKETCH_PANEL + j) * 2 + k % 2;
}
struct sketch_panels sketch_panels_new(size_t n);
size_t sketch_panels_bytes(size_t n);
void sketch_panels_free(struct sketch_panels *p);
/* Puts sketch i of s in place j. */
void sketch_panels_put(struct sketch_panels *p, size_t j, const struct sketches *s, size_t i);

/* Of each sketch j of the panel and sketch row[r] of s, for count rows (at most SKETCH_ROWS): value[r * SKETCH_PANEL + j] is half of
 * the squared distance between them less half of the square of the latter, in steps, and bit j of mask[r] is set where that is at
 * most limit[r]. offset: as the panels have it, or another. */
void sketch_compare(uint64_t *mask, int32_t *value, const int32_t *limit, const struct sketches *s,
                    const uint32_t *row, size_t count, const struct sketch_panels *p, const int32_t *offset,
                    size_t panel);
/* The largest value of sketch_compare for a vector that may be no farther from vector i than `squared`, as distance_squared rounds it;
 * SKETCH_ALL, which is that of every vector, for INFINITY. */
int32_t sketch_limit(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                     size_t dims);
/* The largest squared distance from sketch i to that of a vector that may be so, in steps; 1e-5 of it more, for who measures the
 * distance of sketches in f32. */
float sketch_reach(const struct sketches *s, size_t i, const struct sketch_panels *p, float squared,
                   size_t dims);
#endif
