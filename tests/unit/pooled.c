/* pooled/: kNN and the Gaussian of whole images against scikit-learn's and numpy's (tests/oracle/pooled.py). */
#include "../oracle/pooled.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/distance.h"
#include "num/shrinkage.h"
#include "pooled/gauss.h"
#include "pooled/knn.h"
#include "pooled/vectors.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { N = POOLED_N, D = POOLED_D };

/* Rows of whole lanes. */
static float *rows(const double *x, size_t n, size_t dims)
{
    float *out = xcalloc(n, dims * sizeof *out);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < D; j++)
            out[i * dims + j] = (float)x[i * D + j];
    return out;
}

static double shrinkage_of(size_t n)
{
    double centred[N * D], s[D * D];
    for (size_t j = 0; j < D; j++) {
        double mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += pooled_x[i * D + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            centred[i * D + j] = pooled_x[i * D + j] - mean;
    }
    covariance(s, centred, n, D);
    return shrinkage_ledoit_wolf(s, centred, n, D);
}

static double worst_of(const double *got, const double *want, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = worse(worst, fabs(got[i] / want[i] - 1));
    return worst;
}

static void gaussians(void)
{
    const size_t dims = distance_padded(D);
    float *x = rows(pooled_x, N, dims), *q = rows(pooled_query, POOLED_QUERIES, dims);
    double left_out[N], distance[POOLED_QUERIES], work[D];
    struct gauss g;
    ok_close(shrinkage_of(N), pooled_shrinkage[0], 1e-12, "Ledoit and Wolf's shrinkage");
    ok_close(shrinkage_of(9), pooled_shrinkage[1], 1e-12, "of nine images");
    ok(gauss_fit(&g, left_out, x, dims, N, D, -1) && fabs(g.shrinkage - pooled_shrinkage[0]) < 1e-12,
       "a fit");
    for (size_t i = 0; i < POOLED_QUERIES; i++)
        distance[i] = gauss_distance(&g, q + i * dims, work);
    ok_close(worst_of(distance, pooled_distance, POOLED_QUERIES), 0, 1e-5, "Mahalanobis distances");
    ok_close(worst_of(left_out, pooled_left_out, N), 0, 1e-5, "each image to the Gaussian of the others");
    gauss_free(&g);
    ok(gauss_fit(&g, left_out, x, dims, N, D, 0.25), "a fit with a shrinkage of .25");
    ok_close(worst_of(left_out, pooled_left_out_fixed, N), 0, 1e-5, "and each image to that of the others");
    gauss_free(&g);
    ok(!gauss_fit(&g, left_out, x, dims, N, D, 0),
       "without shrinkage, 18 images in 24 dimensions have no inverse");
    gauss_free(&g);
    free(x);
    free(q);
}

static void neighbours(void)
{
    const size_t dims = distance_padded(D);
    float *x = rows(pooled_x, N, dims), *q = rows(pooled_query, POOLED_QUERIES, dims), squared[N];
    double got[N];
    for (size_t i = 0; i < POOLED_QUERIES; i++) {
        for (size_t j = 0; j < N; j++)
            squared[j] = distance_squared(q + i * dims, x + j * dims, dims);
        got[i] = knn_sum(squared, N, POOLED_K, SIZE_MAX);
    }
    ok_close(worst_of(got, pooled_sum, POOLED_QUERIES), 0, 1e-6, "squared distances to the three nearest");
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++)
            squared[j] = distance_squared(x + i * dims, x + j * dims, dims);
        got[i] = knn_sum(squared, N, POOLED_K, i);
    }
    ok_close(worst_of(got, pooled_sum_left_out, N), 0, 1e-6, "of an image to the others");
    ok(knn_sum((const float[]){2, 1, 1, 3}, 4, 2, SIZE_MAX) == 2 &&
           knn_sum((const float[]){2, 1, 1, 3}, 4, 3, 1) == 6,
       "equal distances count each");
    free(x);
    free(q);
}

static void vectors(void)
{
    const float a[2] = {3, 0}, b[1] = {-4}, zero[3] = {0};
    const struct taps two = {.n = 2, .tap = {{1, 1, 2, a}, {1, 1, 1, b}}},
                      nothing = {.n = 1, .tap = {{1, 1, 3, zero}}};
    const struct taps map = {.n = 1, .tap = {{1, 2, 1, a}}};
    float out[16];
    struct err e;
    vectors_of(out, &two, false);
    ok(out[0] == 3 && out[1] == 0 && out[2] == -4 && out[3] == 0 && out[15] == 0,
       "taps side by side, zeros behind");
    vectors_of(out, &two, true);
    ok(out[0] == 0.6f && out[2] == -0.8f, "of length 1");
    vectors_of(out, &nothing, true);
    ok(out[0] == 0 && out[2] == 0, "zeros stay zeros");
    ok(vectors_accept(&two, &e) && !vectors_accept(&map, &e), "maps are refused");
}

int main(void)
{
    pool_start(2);
    gaussians();
    neighbours();
    vectors();
    return done();
}
