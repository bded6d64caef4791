/* search/neighbours and num/distance: scikit-learn's answers, brute force bit for bit, ties, duplicates,
 * batches. */
#include "search/neighbours.h"
#include "../oracle/neighbours.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "num/cpu.h"
#include "num/distance.h"
#include "num/distance_kernel.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* The formula of tests/oracle/neighbours.py. */
static float *formula(size_t n, size_t shift)
{
    float *x = xaligned(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((double)((uint32_t)(i + shift) * 2654435761u) / 4294967296.0);
    return x;
}

static void like_sklearn(void)
{
    float *bank = formula(700 * 48, 0), *query = formula(37 * 48, 123456), squared[37], five[5];
    uint32_t index[37], list[5];
    struct neighbours *nb = neighbours_new(bank, NULL, 700, 48);
    bool same = true, listed = true;
    double worst = 0;
    neighbours_nearest(nb, index, squared, query, 37, NEIGHBOURS_ALL);
    for (size_t q = 0; q < 37; q++) {
        same &= index[q] == nearest_index[5 * q];
        worst = worse(worst, fabs(sqrt((double)squared[q]) - nearest_distance[5 * q]));
        listed &= neighbours_list(nb, list, five, query + 48 * q, 5, NEIGHBOURS_ALL) == 5;
        for (size_t k = 0; k < 5; k++)
            listed &= list[k] == nearest_index[5 * q + k];
    }
    ok(same, "the nearest as scikit-learn");
    ok_close(worst, 0, 1e-6, "their distances");
    ok(listed, "the five nearest, in order");
    neighbours_free(nb);
    free(bank);
    free(query);
}

/* Vectors around a few centres far from the origin: cancellation is at its worst there. With duplicates. */
static float *clusters(size_t n, size_t dims, uint64_t seed)
{
    struct rng r = rng_new(seed, 0);
    float *x = xaligned(n * dims, sizeof *x);
    for (size_t i = 0; i < n; i++) {
        const size_t centre = rng_below(&r, 5);
        if (i && rng_below(&r, 10) == 0)
            memcpy(x + i * dims, x + rng_below(&r, i) * dims, dims * sizeof *x);
        else
            for (size_t k = 0; k < dims; k++)
                x[i * dims + k] = 30 + (float)centre + (float)rng_normal(&r) * 0.01f;
    }
    return x;
}

static void brute_force(size_t n, size_t count, size_t dims)
{
    float *bank = clusters(n, dims, 1), *query = clusters(count, dims, 2);
    uint32_t *owner = xmalloc(n, sizeof *owner);
    for (size_t i = 0; i < n; i++)
        owner[i] = (uint32_t)(i * 7 % 3);
    memcpy(query, bank + (n - 1) * dims, dims * sizeof *bank); /* one of the bank's own */
    struct neighbours *nb = neighbours_new(bank, owner, n, dims);
    float *a = xmalloc(count, sizeof *a), *b = xmalloc(count, sizeof *b);
    uint32_t *i = xmalloc(count, sizeof *i), *j = xmalloc(count, sizeof *j);
    bool same = true;
    for (uint32_t without = 0; without <= 3; without++) {
        const uint32_t w = without == 3 ? NEIGHBOURS_ALL : without;
        neighbours_nearest(nb, i, a, query, count, w);
        neighbours_nearest_naive(nb, j, b, query, count, w);
        same &= !memcmp(a, b, count * sizeof *a) && !memcmp(i, j, count * sizeof *i);
    }
    ok(same, "%zu x %zu of %zu dimensions: brute force bit for bit", count, n, dims);
    ok(a[0] == 0, "a vector of the bank has distance 0");
    for (size_t q = 0; q < count; q++) {
        neighbours_nearest(nb, j, b, query + q * dims, 1, NEIGHBOURS_ALL);
        same &= b[0] == a[q] && j[0] == i[q];
    }
    ok(same, "and one at a time");
    neighbours_free(nb);
    free(bank), free(query), free(owner), free(a), free(b), free(i), free(j);
}

static void special(void)
{
    float *same = xaligned(2000 * 16, sizeof *same), squared = -1;
    uint32_t index = 7, *owner = xcalloc(2000, sizeof *owner);
    for (size_t i = 0; i < 2000 * 16; i++)
        same[i] = 0.1f;
    struct neighbours *nb = neighbours_new(same, owner, 2000, 16);
    neighbours_nearest(nb, &index, &squared, same, 1, NEIGHBOURS_ALL);
    ok(index == 0 && squared == 0, "of 2000 equal vectors the first");
    neighbours_nearest(nb, &index, &squared, same, 1, 0);
    ok(isinf(squared), "nothing left: infinity");
    ok(neighbours_list(nb, &index, &squared, same, 1, 0) == 0, "an empty list");
    neighbours_free(nb);
    free(same);
    free(owner);
}

static void kernels(void)
{
    const struct distance_kernels *const kind[] = {&distance_plain, CPU_X86(distance_avx2),
                                                   CPU_X86(distance_avx512)};
    float *x = clusters(40, 80, 3);
    for (int k = CPU_PLAIN; k <= CPU_AVX512 && k <= (int)cpu_level(); k++) {
        bool same = true;
        for (size_t i = 0; i < 39; i++) {
            const float d = kind[k]->squared(x, x + (i + 1) * 80, 80);
            double exact = 0;
            for (size_t j = 0; j < 80; j++)
                exact += pow((double)x[j] - (double)x[(i + 1) * 80 + j], 2);
            same &= fabs((double)d - exact) <= 1e-5 * exact &&
                    d == distance_plain.squared(x + (i + 1) * 80, x, 80);
            same &= kind[k]->least(INFINITY, x, x + 80, i + 1, 80) ==
                    distance_plain.least(INFINITY, x, x + 80, i + 1, 80);
        }
        ok(same, "distances by the %s kernels", cpu_level_name((enum cpu_level)k));
    }
    free(x);
}

int main(void)
{
    pool_start(2);
    kernels();
    like_sklearn();
    brute_force(1, 3, 16);
    brute_force(513, 129, 32);
    brute_force(1500, 300, 400);
    special();
    return done();
}
