/* With S the covariance (of 1/n), s the shrinkage and m the identity's multiple, the model is C = (1 - s) S + s m I.
 *
 * Leaving out image i, d = x_i - mean: the mean moves by d / (n - 1), so x_i is d n / (n - 1) from it, and
 *     S' = n/(n-1) S - n/(n-1)^2 d d^T.
 * So C' = A - c d d^T with A = (1 - s) n/(n-1) S + s m I and c = (1 - s) n/(n-1)^2, and by Sherman and Morrison
 *     d^T C'^-1 d = q / (1 - c q), q = d^T A^-1 d:
 * one factorisation more for all images. C'^-1 d is A^-1 d / (1 - c q) then.
 *
 * The gradient of the distance s = sqrt(y^T C^-1 y) by y is C^-1 y / s. */
#include "pooled/gauss.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/cholesky.h"
#include "num/shrinkage.h"
#include "num/vector.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The packed factor of a S + b I, new memory; NULL when that isn't positive definite. work: d x d, overwritten. */
static float *factor_of(double *work, const double *s, size_t d, double a, double b)
{
    for (size_t i = 0; i < d * d; i++)
        work[i] = a * s[i];
    for (size_t i = 0; i < d; i++)
        work[i * d + i] += b;
    if (!cholesky_factor(work, d, d))
        return NULL;
    float *packed = xaligned(cholesky_packed_size(0, d), sizeof *packed);
    cholesky_pack(packed, work, d, 0, d);
    return packed;
}

#define SINGULAR 1e-6 /* the factor is f32 */

/* Leaving-out: solves with A's factor for every row of the centred images. */
struct leaving {
    double *distance, *centred;
    const float *factor;
    size_t n, d;
    double c;
};

static void leave_one(void *arg, size_t i, size_t worker)
{
    const struct leaving *l = arg;
    const double n = (double)l->n;
    (void)worker;
    const double q = vector_forward(l->centred + i * l->d, l->factor, 0, l->d), rest = 1 - l->c * q;
    l->distance[i] = rest > SINGULAR ? n / (n - 1) * sqrt(q / rest) : HUGE_VAL;
}

/* What S is multiplied by in A; c is this, divided by n - 1. */
static double part_of(const struct gauss *g)
{
    return (1 - g->shrinkage) * (double)g->n / (double)(g->n - 1);
}

/* False also where the others' Gaussian has no inverse: 1 - c q is then 0 but for rounding. */
static bool leave_out(struct gauss *g, double *distance, double *work, const double *s, double *centred,
                      double identity)
{
    const size_t n = g->n;
    g->others = factor_of(work, s, g->d, part_of(g), g->shrinkage * identity);
    if (!g->others)
        return false;
    struct leaving l = {distance, centred, g->others, n, g->d, part_of(g) / (double)(n - 1)};
    pool_run(n, leave_one, &l);
    bool finite = true;
    for (size_t i = 0; i < n; i++)
        finite &= isfinite(distance[i]);
    return finite;
}

static void centre(double *centred, double *mean, const float *x, size_t row, size_t n, size_t d)
{
    memset(mean, 0, d * sizeof *mean);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < d; i++)
            mean[i] += (double)x[k * row + i];
    for (size_t i = 0; i < d; i++)
        mean[i] /= (double)n;
    for (size_t k = 0; k < n; k++)
        vector_centre(centred + k * d, x + k * row, mean, d);
}

bool gauss_fit(struct gauss *g, double *left_out, const float *x, size_t row, size_t n, size_t d,
               double shrinkage)
{
    mem_need((n * d + 2 * d * d) * sizeof(double), "the covariance");
    double *centred = xaligned(n * d, sizeof *centred), *s = xaligned(d * d, sizeof *s),
           *work = xaligned(d * d, sizeof *work);
    *g = (struct gauss){.n = n, .d = d, .mean = xaligned(d, sizeof *g->mean)};
    centre(centred, g->mean, x, row, n, d);
    covariance(s, centred, n, d);
    g->shrinkage = shrinkage < 0 ? shrinkage_ledoit_wolf(s, centred, n, d) : shrinkage;
    const double identity = covariance_scale(s, d);
    g->factor = factor_of(work, s, d, 1 - g->shrinkage, g->shrinkage * identity);
    const bool done = g->factor && (!left_out || leave_out(g, left_out, work, s, centred, identity));
    free(centred);
    free(s);
    free(work);
    return done;
}

double gauss_distance(const struct gauss *g, const float *x, double *work)
{
    vector_centre(work, x, g->mean, g->d);
    return sqrt(vector_forward(work, g->factor, 0, g->d));
}

/* z = L^-T z, the rows of L packed one after the other. */
static void solve_backward(double *z, const float *rows, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        const float *row = rows + i * (i + 1) / 2;
        z[i] /= (double)row[i];
        for (size_t j = 0; j < i; j++)
            z[j] -= (double)row[j] * z[i];
    }
}

/* y^T (L L^T)^-1 y; (L L^T)^-1 y in place of y. */
static double solve(double *y, const float *factor, size_t d)
{
    const double q = vector_forward(y, factor, 0, d);
    solve_backward(y, factor, d);
    return q;
}

static void scale(double *y, size_t d, double by)
{
    for (size_t i = 0; i < d; i++)
        y[i] *= by;
}

double gauss_gradient(const struct gauss *g, const float *x, double *gradient)
{
    vector_centre(gradient, x, g->mean, g->d);
    const double distance = sqrt(solve(gradient, g->factor, g->d));
    scale(gradient, g->d, distance > 0 ? 1 / distance : 0);
    return distance;
}

double gauss_gradient_left_out(const struct gauss *g, const float *x, double *gradient)
{
    const double n = (double)g->n, far = n / (n - 1);
    vector_centre(gradient, x, g->mean, g->d);
    const double q = solve(gradient, g->others, g->d), rest = 1 - part_of(g) / (n - 1) * q;
    const double distance = far * sqrt(q / rest);
    scale(gradient, g->d, distance > 0 ? far / rest / distance : 0);
    return distance;
}

void gauss_free(struct gauss *g)
{
    free(g->mean);
    free(g->factor);
    free(g->others);
    *g = (struct gauss){0};
}
