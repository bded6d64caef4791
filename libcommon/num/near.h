/* Which of 128 short vectors may be near to one: a filter before exact distances (method/sketch.h). */
#ifndef NUM_NEAR_H
#define NUM_NEAR_H
#include <stddef.h>
#include <stdint.h>

enum { NEAR_DIMS = 32, NEAR_TILE = 128 };

/* Sets bit j of mask where offset[j] + sum over k of x[k] tile[k][j] <= limit. tile: NEAR_DIMS x NEAR_TILE;
 * x: NEAR_DIMS; offset: NEAR_TILE, NAN for none. Sums are rounded as the CPU likes: leave a margin. */
void near_mask(uint64_t mask[NEAR_TILE / 64], const float *x, const float *tile, const float *offset,
               float limit);
#endif
