#include "fractal/elementary.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Taylor series by Horner's rule: sum of x^i * c[i], i < n. */
static double polynomial(double x, const double *c, int n)
{
    double sum = c[n - 1];
    for (int i = n - 2; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

void portable_sincos(double x, double *sine, double *cosine)
{
    /* 1 / k!, with the signs of the series in r^2; |r| <= pi/4 leaves an error below 1e-17 */
    static const double s_term[] = {
        1.0,          -1.0 / 6,        1.0 / 120,          -1.0 / 5040,
        1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800.0, -1.0 / 1307674368000.0};
    static const double c_term[] = {1.0,
                                    -1.0 / 2,
                                    1.0 / 24,
                                    -1.0 / 720,
                                    1.0 / 40320,
                                    -1.0 / 3628800,
                                    1.0 / 479001600.0,
                                    -1.0 / 87178291200.0,
                                    1.0 / 20922789888000.0};
    double quarter = floor(x * 0.63661977236758134308 + 0.5);
    /* pi/2 in two parts, the first with 33 bits, so that its product with the quarter is exact */
    double r = (x - quarter * 1.57079632673412561417) - quarter * 6.07710050650619224932e-11;
    double r2 = r * r;
    double s = r * polynomial(r2, s_term, 8), c = polynomial(r2, c_term, 9);
    switch ((int64_t)quarter & 3) {
    case 0:
        *sine = s, *cosine = c;
        break;
    case 1:
        *sine = c, *cosine = -s;
        break;
    case 2:
        *sine = -s, *cosine = -c;
        break;
    case 3:
        *sine = -c, *cosine = s;
        break;
    }
}

/* 2^k for -1022 <= k <= 1023. */
static double power_of_two(int64_t k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

double portable_exp(double x)
{
    double k = floor(x * 1.44269504088896340736 + 0.5);
    double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10; /* ln 2 in two parts */
    double sum = 1;
    for (int i = 14; i >= 1; i--) /* |r| <= ln(2)/2 */
        sum = 1 + sum * r / i;
    return sum * power_of_two((int64_t)k);
}

double portable_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t k = (int64_t)(bits >> 52) - 1023;
    bits = (bits & 0x000fffffffffffffu) | 0x3ff0000000000000u;
    double m;
    memcpy(&m, &bits, sizeof m); /* [1, 2) */
    if (m > 1.41421356237309504880)
        m *= 0.5, k++;
    double z = (m - 1) / (m + 1), z2 = z * z; /* log m = 2 atanh z, |z| < 0.172 */
    double sum = 0;
    for (int i = 21; i >= 1; i -= 2)
        sum = sum * z2 + 1.0 / i;
    return (double)k * 6.93147180559945286227e-01 + 2 * z * sum;
}
