/* With S the covariance (of 1/n), s the shrinkage and m the identity's multiple, the model is C = (1 - s) S + s m I.
 *
 * Leaving out image i, d = x_i - mean: the mean moves by d / (n - 1), so x_i is d n / (n - 1) from it, and
 *     S' = n/(n-1) S - n/(n-1)^2 d d^T.
 * So C' = A - c d d^T with A = (1 - s) n/(n-1) S + s m I and c = (1 - s) n/(n-1)^2, and by Sherman and Morrison
 *     d^T C'^-1 d = q / (1 - c q), q = d^T A^-1 d:
 * one factorisation more for all images. */
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

/* False also where the others' Gaussian has no inverse: 1 - c q is then 0 but for rounding. */
static bool leave_out(double *distance, double *work, const double *s, double *centred, size_t n, size_t d,
                      double share, double identity)
{
    const double all = (double)n, part = (1 - share) * all / (all - 1);
    float *factor = factor_of(work, s, d, part, share * identity);
    if (!factor)
        return false;
    struct leaving l = {distance, centred, factor, n, d, part / (all - 1)};
    pool_run(n, leave_one, &l);
    free(factor);
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
    const bool done =
        g->factor && (!left_out || leave_out(left_out, work, s, centred, n, d, g->shrinkage, identity));
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

void gauss_free(struct gauss *g)
{
    free(g->mean);
    free(g->factor);
    *g = (struct gauss){0};
}
