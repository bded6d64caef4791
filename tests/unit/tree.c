/* Sums over vectors and ranks by the one tree: against its definition in a loop. One rank, or as many as mpirun starts
 * (tests/mpi.t): then rank 0 prints, and the others' exit status tells. */
#include "ranks/tree.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ranks/ranks.h"
#include "tap.h"
#include <stdlib.h>

static double element(size_t m, size_t i)
{
    struct rng r = rng_new(m, i);
    return (rng_uniform(&r) - 0.5) * (double)((size_t)1 << (m + i) % 20);
}

static float rounded(float x, bool narrow)
{
    return narrow ? bf16_to_f32(f32_to_bf16(x)) : x;
}

/* Element i of the sum, as tree.h defines it. */
static double naive(size_t i, size_t m, enum dtype type, bool narrow)
{
    double x[64] = {0};
    for (size_t k = 0; k < m; k++)
        x[k] = type == DT_F64 ? element(k, i) : (float)element(k, i);
    for (size_t half = m / 2; half; half /= 2)
        for (size_t k = 0; k < half; k++)
            x[k] = type == DT_F64 ? x[k] + x[k + half]
                                  : rounded((float)x[k], narrow) + rounded((float)x[k + half], narrow);
    return type == DT_F64 ? x[0] : rounded((float)x[0], narrow);
}

static void set(void *x, size_t i, enum dtype type, double value)
{
    if (type == DT_F64)
        ((double *)x)[i] = value;
    else
        ((float *)x)[i] = (float)value;
}

static double get(const void *x, size_t i, enum dtype type)
{
    return type == DT_F64 ? ((const double *)x)[i] : ((const float *)x)[i];
}

/* Two sums of n elements under way at once, the second in pieces from its end. */
static bool sums(size_t n, size_t m, enum dtype type, bool narrow)
{
    void *x[2] = {xcalloc(n, dtype_size(type)), xcalloc(n, dtype_size(type))};
    struct tree *t[2] = {tree_new(x[0], n, type, m, narrow), tree_new(x[1], n, type, m, narrow)};
    for (size_t i = 0; i < tree_leaves(m); i++) {
        for (size_t k = 0; k < n; k++) {
            set(x[0], k, type, element(tree_leaf(m, i), k));
            set(x[1], k, type, element(tree_leaf(m, i), k));
        }
        tree_add(t[0], i, 0, n);
        for (size_t to = n, piece = 1; to > 0; piece *= 3) {
            const size_t from = to > piece ? to - piece : 0;
            tree_add(t[1], i, from, to);
            to = from;
        }
    }
    ranks_sum_finish();
    bool same = true;
    for (size_t k = 0; k < n; k++) {
        const double want = naive(k, m, type, narrow);
        same = same && get(x[0], k, type) == want && get(x[1], k, type) == want;
    }
    for (size_t k = 0; k < 2; k++) {
        tree_free(t[k]);
        free(x[k]);
    }
    return same;
}

/* Each of the m vectors comes once, from one of the ranks. */
static bool leaves(size_t m)
{
    double *times = xcalloc(m, sizeof *times);
    bool once = true;
    for (size_t i = 0; i < tree_leaves(m); i++)
        times[tree_leaf(m, i)]++;
    ranks_sum_start(times, m, DT_F64, false);
    ranks_sum_finish();
    for (size_t i = 0; i < m; i++)
        once = once && times[i] == 1;
    free(times);
    return once;
}

static int failures = 0;
static void check(bool passed, const char *what, size_t n, size_t m)
{
    failures += !passed;
    if (ranks_mine() == 0)
        ok(passed, "%s, %zu elements of %zu vectors", what, n, m);
}

int main(int argc, char **argv)
{
    (void)argc;
    err_init(argv[0]);
    ranks_begin();
    const size_t size[] = {1, 5, 256, 257, 1001, 70000};
    for (size_t m = ranks_size(); m <= 32; m *= 4)
        for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
            check(sums(size[i], m, DT_F32, false), "f32", size[i], m);
            check(sums(size[i], m, DT_F64, false), "f64", size[i], m);
            check(sums(size[i], m, DT_F32, true), "f32 that travels as bf16", size[i], m);
        }
    check(leaves(ranks_size()) && leaves(32), "each vector is one rank's", 0, 32);
    size_t word = ranks_mine() + 7;
    ranks_copy(&word, sizeof word);
    check(word == 7, "rank 0's word is everybody's", 0, 0);
    ranks_end();
    if (ranks_mine() == 0)
        done();
    return failures != 0;
}
