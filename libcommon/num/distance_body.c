/* Compiled once for every level (num/level.h): GCC's vector types, sixteen lanes whatever the CPU has, so that all levels give the
 * same bits. */
#include "num/distance_kernel.h"
#include "num/level.h"

typedef float lanes __attribute__((vector_size(64)));
typedef float lanes_at __attribute__((vector_size(64), aligned(4), may_alias));
typedef float half __attribute__((vector_size(32)));
typedef float quarter __attribute__((vector_size(16)));

#define LOAD(p) (*(const lanes_at *)(p))

static inline float sum_of(const lanes *v)
{
    const half h = __builtin_shufflevector(*v, *v, 0, 1, 2, 3, 4, 5, 6, 7) +
                   __builtin_shufflevector(*v, *v, 8, 9, 10, 11, 12, 13, 14, 15);
    const quarter q = __builtin_shufflevector(h, h, 0, 1, 2, 3) + __builtin_shufflevector(h, h, 4, 5, 6, 7);
    return (q[0] + q[2]) + (q[1] + q[3]);
}

static float squared(const float *a, const float *b, size_t n)
{
    lanes s = {0};
    for (size_t i = 0; i < n; i += DISTANCE_LANES) {
        const lanes d = LOAD(a + i) - LOAD(b + i);
        s += d * d;
    }
    return sum_of(&s);
}

/* Four rows share the loads of x and hide each other's latency. */
static float least(float bound, const float *x, const float *rows, size_t count, size_t n)
{
    size_t r = 0;
    for (; r + 4 <= count; r += 4, rows += 4 * n) {
        lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (size_t i = 0; i < n; i += DISTANCE_LANES) {
            const lanes v = LOAD(x + i);
            const lanes d0 = v - LOAD(rows + i), d1 = v - LOAD(rows + n + i);
            const lanes d2 = v - LOAD(rows + 2 * n + i), d3 = v - LOAD(rows + 3 * n + i);
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
        }
        const float a = sum_of(&s0), b = sum_of(&s1), c = sum_of(&s2), d = sum_of(&s3);
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
