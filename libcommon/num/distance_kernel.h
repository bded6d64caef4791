/* The kernels of distance.h, compiled once for every kind of CPU from distance_body.c. */
#ifndef NUM_DISTANCE_KERNEL_H
#define NUM_DISTANCE_KERNEL_H
#include "num/distance.h"

struct distance_kernels {
    float (*squared)(const float *a, const float *b, size_t n);
    float (*least)(float bound, const float *x, const float *rows, size_t count, size_t n);
};

extern const struct distance_kernels distance_plain, distance_avx2, distance_avx512;
#endif
