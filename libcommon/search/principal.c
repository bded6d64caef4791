#include "search/principal.h"
#include "base/mem.h"
#include "base/scratch.h"
#include "base/rng.h"
#include "num/gemm.h"
#include <math.h>
#include <stdlib.h>

/* FAR_APART: of vectors that lie on a disk, each brings its neighbourhood to memory, 64 KiB. */
enum { SAMPLE = 1024, ROUNDS = 4, RNG_STREAM = 0x7072696e, FAR_APART = 64 };

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

/* Gram and Schmidt, each direction twice; one that vanishes becomes 0. */
static void orthonormalise(double *basis, size_t k, size_t dims)
{
    for (size_t i = 0; i < k; i++) {
        double *v = basis + i * dims;
        const double before = sqrt(dot(v, v, dims));
        for (size_t twice = 0; twice < 2; twice++)
            for (size_t j = 0; j < i; j++) {
                const double part = dot(v, basis + j * dims, dims);
                for (size_t d = 0; d < dims; d++)
                    v[d] -= part * basis[j * dims + d];
            }
        const double length = sqrt(dot(v, v, dims));
        const double scale = length > 1e-6 * before ? 1 / length : 0;
        for (size_t d = 0; d < dims; d++)
            v[d] *= scale;
    }
}

/* x centred, as doubles. */
static double *take_sample(double *mean, const float *x, size_t n, size_t dims, size_t *count)
{
    *count = n < SAMPLE ? n : SAMPLE;
    double *sample = xaligned(*count * dims, sizeof *sample);
    for (size_t d = 0; d < dims; d++)
        mean[d] = 0;
    for (size_t i = 0; i < *count; i++) {
        if (i % FAR_APART == 0)
            scratch_relax();
        for (size_t d = 0; d < dims; d++) {
            sample[i * dims + d] = (double)x[i * n / *count * dims + d];
            mean[d] += sample[i * dims + d] / (double)*count;
        }
    }
    for (size_t i = 0; i < *count; i++)
        for (size_t d = 0; d < dims; d++)
            sample[i * dims + d] -= mean[d];
    return sample;
}

void principal_directions(double *mean, double *basis, size_t k, const float *x, size_t n, size_t dims)
{
    size_t count;
    struct rng r = rng_new(0, RNG_STREAM);
    double *sample = take_sample(mean, x, n, dims, &count), *part = xaligned(count * k, sizeof *part);
    const ptrdiff_t row = (ptrdiff_t)dims, columns = (ptrdiff_t)k;
    for (size_t i = 0; i < k * dims; i++)
        basis[i] = rng_normal(&r);
    orthonormalise(basis, k, dims);
    for (size_t round = 0; round < ROUNDS; round++) {
        gemm_f64(count, k, dims, 1, sample, row, 1, basis, 1, row, 0, part, columns, 1);
        gemm_f64(k, dims, count, 1, part, 1, columns, sample, row, 1, 0, basis, row, 1);
        orthonormalise(basis, k, dims);
    }
    free(part);
    free(sample);
}
