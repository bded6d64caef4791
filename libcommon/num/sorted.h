/* Numbers in ascending order, and their quantiles. None is NAN. */
#ifndef NUM_SORTED_H
#define NUM_SORTED_H
#include <stddef.h>

void sort_f32(float *value, size_t n);
void sort_f64(double *value, size_t n);

/* Of n >= 1 ascending values, linear between order statistics, as numpy.quantile's default; 0 <= quantile <= 1. */
float sorted_quantile_f32(const float *value, size_t n, double quantile);
double sorted_quantile_f64(const double *value, size_t n, double quantile);
#endif
