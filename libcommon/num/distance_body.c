/* Compiled once for every level (num/level.h): GCC's vector types, sixteen lanes whatever the CPU has, so that all levels give the
 * same bits. They lie in PARTS registers. */
#include "num/distance_kernel.h"
#include "num/level.h"

enum { LANES = LEVEL_REGISTER / 4, PARTS = DISTANCE_LANES / LANES };
typedef float lanes __attribute__((vector_size(LEVEL_REGISTER)));
typedef float lanes_at __attribute__((vector_size(LEVEL_REGISTER), aligned(4), may_alias));
typedef float half __attribute__((vector_size(32)));
typedef float quarter __attribute__((vector_size(16)));

#define LOAD(p) (*(const lanes_at *)(p))

/* Lane i and lane i + 8, their sums i and i + 4, and so on. */
static inline float sum_of(const lanes v[PARTS])
{
#if LEVEL_REGISTER == 16
    const quarter q = (v[0] + v[2]) + (v[1] + v[3]);
#else
#if LEVEL_REGISTER == 32
    const half h = v[0] + v[1];
#else
    const half h = __builtin_shufflevector(v[0], v[0], 0, 1, 2, 3, 4, 5, 6, 7) +
                   __builtin_shufflevector(v[0], v[0], 8, 9, 10, 11, 12, 13, 14, 15);
#endif
    const quarter q = __builtin_shufflevector(h, h, 0, 1, 2, 3) + __builtin_shufflevector(h, h, 4, 5, 6, 7);
#endif
    return (q[0] + q[2]) + (q[1] + q[3]);
}

static float squared(const float *a, const float *b, size_t n)
{
    lanes s[PARTS] = {{0}};
    for (size_t i = 0; i < n; i += DISTANCE_LANES)
        for (size_t p = 0; p < PARTS; p++) {
            const lanes d = LOAD(a + i + p * LANES) - LOAD(b + i + p * LANES);
            s[p] += d * d;
        }
    return sum_of(s);
}

/* Four rows share the loads of x and hide each other's latency. */
static float least(float bound, const float *x, const float *rows, size_t count, size_t n)
{
    size_t r = 0;
    for (; r + 4 <= count; r += 4, rows += 4 * n) {
        lanes s0[PARTS] = {{0}}, s1[PARTS] = {{0}}, s2[PARTS] = {{0}}, s3[PARTS] = {{0}};
        for (size_t i = 0; i < n; i += DISTANCE_LANES)
            for (size_t p = 0; p < PARTS; p++) {
                const float *row = rows + i + p * LANES;
                const lanes v = LOAD(x + i + p * LANES);
                const lanes d0 = v - LOAD(row), d1 = v - LOAD(row + n);
                const lanes d2 = v - LOAD(row + 2 * n), d3 = v - LOAD(row + 3 * n);
                s0[p] += d0 * d0;
                s1[p] += d1 * d1;
                s2[p] += d2 * d2;
                s3[p] += d3 * d3;
            }
        const float a = sum_of(s0), b = sum_of(s1), c = sum_of(s2), d = sum_of(s3);
        const float ab = a < b ? a : b, cd = c < d ? c : d, all = ab < cd ? ab : cd;
        bound = all < bound ? all : bound;
    }
    for (; r < count; r++, rows += n) {
        const float a = squared(x, rows, n);
        bound = a < bound ? a : bound;
    }
    return bound;
}

const struct distance_kernels KERNELS(distance) = {squared, least};
