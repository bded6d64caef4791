/* How far a point is from a Mandelbulb, at least about: the distance estimate 0.5 ln(r) r / dr of the published shader, with
 * dr <- N r^N dr + 1. Exact arithmetic is the same on every CPU: single precision, no fused operations, no libm; points are
 * independent, so nothing depends on how many a vector holds. */
#ifndef BULB_ESTIMATE_H
#define BULB_ESTIMATE_H
#include "bulb/form.h"

/* n of the arrays below are a multiple of this; what fills up the last vector may be any finite point. */
enum { BULB_STRIDE = 16 };
static inline size_t bulb_round(size_t n)
{
    return (n + BULB_STRIDE - 1) / BULB_STRIDE * BULB_STRIDE;
}

/* Orbit traps, least values over the iterations: |z_z|, (|x| + |y| + |z|) / 1.5, |z|. */
enum { BULB_TRAPS = 3 };

/* distance[i] of the point (x[i], y[i], z[i]), finite; below 0 inside. */
void bulb_estimate(float *distance, const float *x, const float *y, const float *z, size_t n,
                   const struct bulb_map *map);
/* The traps of the same points, and no distance. */
void bulb_traps(float *const trap[BULB_TRAPS], const float *x, const float *y, const float *z, size_t n,
                const struct bulb_map *map);

struct bulb_kernels {
    void (*estimate)(float *distance, const float *x, const float *y, const float *z, size_t n,
                     const struct bulb_map *map);
    void (*traps)(float *const trap[BULB_TRAPS], const float *x, const float *y, const float *z, size_t n,
                  const struct bulb_map *map);
};
extern const struct bulb_kernels bulb_plain, bulb_avx2, bulb_avx512;
#endif
