/* Elementary functions whose bits are the same on every CPU and with every C library: polynomials in plain
 * double arithmetic, no fused operations (the whole tree is built with -ffp-contract=off). Relative error
 * below 1e-14 (sine and cosine: absolute). What an image depends on goes through these, never through libm;
 * sqrt and floor, which IEEE 754 defines exactly, may be used. */
#ifndef FRACTAL_ELEMENTARY_H
#define FRACTAL_ELEMENTARY_H

/* |x| <= 1e6 radians. */
void portable_sincos(double x, double *sine, double *cosine);
/* |x| <= 700. */
double portable_exp(double x);
/* x > 0, normal. */
double portable_log(double x);
#endif
