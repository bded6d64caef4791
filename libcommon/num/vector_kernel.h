/* The kernels of vector.h, compiled once for every kind of CPU from vector_body.c. */
#ifndef NUM_VECTOR_KERNEL_H
#define NUM_VECTOR_KERNEL_H
#include "num/vector.h"

struct vector_kernels {
    double (*forward)(double *z, const float *rows, size_t first, size_t n);
    double (*projection)(const float *w, const double *y, size_t rows, size_t n);
    double (*centre)(double *out, const float *x, const double *mean, size_t n);
    void (*solve)(double *b, size_t b_row, size_t columns, const double *u, size_t u_row, size_t n);
};

extern const struct vector_kernels vector_plain, vector_avx2, vector_avx512;
#endif
