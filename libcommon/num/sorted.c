#include "num/sorted.h"
#include <stdlib.h>

static int compare_f32(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int compare_f64(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_f32(float *value, size_t n)
{
    qsort(value, n, sizeof *value, compare_f32);
}

void sort_f64(double *value, size_t n)
{
    qsort(value, n, sizeof *value, compare_f64);
}

/* The order statistic at or below the quantile, the one above it, and how far it is from the first to the second. */
struct between {
    size_t low, high;
    double part;
};

static struct between place(size_t n, double quantile)
{
    const double at = quantile * (double)(n - 1);
    const size_t low = (size_t)at;
    return (struct between){low, low + 1 < n ? low + 1 : low, at - (double)low};
}

float sorted_quantile_f32(const float *value, size_t n, double quantile)
{
    const struct between p = place(n, quantile);
    const double low = (double)value[p.low], high = (double)value[p.high];
    return (float)(low + (high - low) * p.part);
}

double sorted_quantile_f64(const double *value, size_t n, double quantile)
{
    const struct between p = place(n, quantile);
    return value[p.low] + (value[p.high] - value[p.low]) * p.part;
}
