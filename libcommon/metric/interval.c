/* The bounds are quantiles of beta distributions: the lower one is the x at which `hits` or more of `of` have the probability
 * alpha, I_x(hits, of - hits + 1) = alpha. */
#include "metric/interval.h"
#include <math.h>

static double not_zero(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* The continued fraction of the incomplete beta function by Lentz's method (Numerical Recipes, 3rd edition, section 6.4);
 * converges fast for x < (a + 1) / (a + b + 2), in about sqrt(max(a, b)) steps. */
static double beta_fraction(double x, double a, double b)
{
    double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), f = d;
    for (double m = 1; m < 1e6; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / not_zero(1 + even * d);
        c = not_zero(1 + even / c);
        f *= c * d;
        d = 1 / not_zero(1 + odd * d);
        c = not_zero(1 + odd / c);
        f *= c * d;
        if (fabs(c * d - 1) < 1e-15)
            break;
    }
    return f;
}

/* I_x(a, b), the regularised incomplete beta function; 0 < x < 1, a and b positive. */
static double beta_incomplete(double x, double a, double b)
{
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

/* The x with I_x(a, b) = p, by halving the interval until doubles have no middle: I_x rises with x. */
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1, middle = .5;
    for (; low < middle && middle < high; middle = low + (high - low) / 2) {
        if (beta_incomplete(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return middle;
}

double interval_lower(uint64_t hits, uint64_t of, double confidence)
{
    const double alpha = 1 - confidence;
    if (hits == 0)
        return 0;
    if (hits == of)
        return pow(alpha, 1 / (double)of);
    return beta_quantile(alpha, (double)hits, (double)(of - hits) + 1);
}

double interval_upper(uint64_t hits, uint64_t of, double confidence)
{
    const double alpha = 1 - confidence;
    if (hits == of)
        return 1;
    if (hits == 0)
        return -expm1(log(alpha) / (double)of);
    return beta_quantile(confidence, (double)hits + 1, (double)(of - hits));
}

struct interval interval_binomial(uint64_t hits, uint64_t of, double confidence)
{
    const double each = (1 + confidence) / 2;
    return (struct interval){interval_lower(hits, of, each), interval_upper(hits, of, each)};
}

uint64_t interval_needed(double rate, double confidence)
{
    const double n = ceil(log1p(-confidence) / log(rate));
    uint64_t needed = n < 1 ? 1 : (uint64_t)n;
    while (needed > 1 && interval_lower(needed - 1, needed - 1, confidence) >= rate)
        needed--;
    while (interval_lower(needed, needed, confidence) < rate)
        needed++;
    return needed;
}
