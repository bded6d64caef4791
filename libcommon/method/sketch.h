/* Sketches: 32 coordinates of each vector along the directions of the largest variance. Distances between
 * sketches are never longer than those between the vectors, up to a known rounding error, and say cheaply
 * which vectors can't be near.
 *
 * Vectors as in method/coreset.h. A sketch set belongs to whoever made it. */
#ifndef METHOD_SKETCH_H
#define METHOD_SKETCH_H
#include "num/near.h"
#include <stddef.h>

struct sketches;
/* Of n vectors, with room for `centres` of them as centres. On the pool. */
struct sketches *sketches_new(const float *x, size_t n, size_t dims, size_t centres);
/* Bytes that this will take. */
size_t sketches_size(size_t n, size_t centres);
void sketches_free(struct sketches *s);

/* Makes vector i the next centre. */
void sketches_add_centre(struct sketches *s, size_t i);
/* Bit j is 0 where centre tile NEAR_TILE + j is no nearer to vector i than `squared`, also as
 * distance_squared rounds it; or is not there. */
void sketches_near(uint64_t mask[NEAR_TILE / 64], const struct sketches *s, size_t i, size_t tile,
                   float squared);
#endif
