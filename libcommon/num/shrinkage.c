#include "num/shrinkage.h"
#include "base/size.h"
#include "base/thread.h"
#include "num/gemm.h"

enum { BLOCK = 128 };

struct product {
    double *s;
    const double *x;
    size_t n, d;
};

/* A block of rows of S. */
static void rows_of(void *arg, size_t task, size_t worker)
{
    const struct product *p = arg;
    const size_t first = task * BLOCK, rows = size_least(BLOCK, p->d - first);
    (void)worker;
    gemm_f64(rows, p->d, p->n, 1.0 / (double)p->n, p->x + first, 1, (ptrdiff_t)p->d, p->x, (ptrdiff_t)p->d, 1,
             0, p->s + first * p->d, (ptrdiff_t)p->d, 1);
}

void covariance(double *s, const double *x, size_t n, size_t d)
{
    pool_run(size_parts(d, BLOCK), rows_of, &(struct product){s, x, n, d});
}

double covariance_scale(const double *s, size_t d)
{
    double trace = 0;
    for (size_t i = 0; i < d; i++)
        trace += s[i * d + i];
    return trace / (double)d;
}

/* With p = d: delta = |S - mu I|^2 / p is how far S is from the identity's multiple, beta = (mean of |x|^4 - |S|^2) / (p n) how far it
 * scatters around the true covariance; the share is beta / delta. Summed over all entries, the squares of x_i x_j are |x|^4. */
double shrinkage_ledoit_wolf(const double *s, const double *x, size_t n, size_t d)
{
    const double mu = covariance_scale(s, d), p = (double)d;
    double fourth = 0, squares = 0;
    for (size_t k = 0; k < n; k++) {
        double norm = 0;
        for (size_t i = 0; i < d; i++)
            norm += x[k * d + i] * x[k * d + i];
        fourth += norm * norm;
    }
    for (size_t i = 0; i < d * d; i++)
        squares += s[i] * s[i];
    const double beta = (fourth / (double)n - squares) / (p * (double)n);
    const double delta = (squares - p * mu * mu) / p;
    if (!(beta > 0) || !(delta > 0))
        return 0;
    return beta < delta ? beta / delta : 1;
}
