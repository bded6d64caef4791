#include "method/sketch.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "num/gemm.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 2048, ROUNDS = 8, BLOCK = 256, RNG_STREAM = 0x736b6574 };

struct sketches {
    size_t dims, centres;
    float *mean;          /* dims */
    float *basis;         /* NEAR_DIMS x dims, orthonormal or zero */
    double error;         /* see slack_of */
    float *x;             /* n x NEAR_DIMS */
    float *slack;         /* n: what the test of a pair is loosened by, less |sketch|^2 */
    float *tile, *offset; /* of the centres; near_mask's */
};

static size_t tiles(size_t centres)
{
    return (centres + NEAR_TILE - 1) / NEAR_TILE;
}

size_t sketches_size(size_t n, size_t centres)
{
    return (n + tiles(centres) * NEAR_TILE) * (NEAR_DIMS + 1) * sizeof(float);
}

/* out: n x dims, x less the mean. */
static void centred(float *out, const float *x, size_t n, size_t dims, const float *mean)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < dims; k++)
            out[i * dims + k] = x[i * dims + k] - mean[k];
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

/* Gram and Schmidt, each direction twice; one that vanishes becomes 0. */
static void orthonormalise(float *basis, size_t dims)
{
    for (size_t i = 0; i < NEAR_DIMS; i++) {
        float *v = basis + i * dims;
        const double before = sqrt(dot(v, v, dims));
        for (size_t twice = 0; twice < 2; twice++)
            for (size_t j = 0; j < i; j++) {
                const double part = dot(v, basis + j * dims, dims);
                for (size_t k = 0; k < dims; k++)
                    v[k] = (float)((double)v[k] - part * (double)basis[j * dims + k]);
            }
        const double length = sqrt(dot(v, v, dims));
        const double scale = length > 1e-3 * before ? 1 / length : 0;
        for (size_t k = 0; k < dims; k++)
            v[k] = (float)((double)v[k] * scale);
    }
}

/* Directions of the largest variance in a sample of n centred vectors, by subspace iteration. Any orthonormal
 * basis is correct; a good one prunes more. */
static void find_basis(float *basis, const float *sample, size_t n, size_t dims)
{
    struct rng r = rng_new(0, RNG_STREAM);
    float *part = xaligned(n * NEAR_DIMS, sizeof *part);
    const ptrdiff_t row = (ptrdiff_t)dims;
    for (size_t k = 0; k < NEAR_DIMS * dims; k++)
        basis[k] = (float)rng_normal(&r);
    orthonormalise(basis, dims);
    for (size_t round = 0; round < ROUNDS; round++) {
        gemm(n, NEAR_DIMS, dims, 1, (struct matrix){sample, row, 1}, (struct matrix){basis, 1, row}, 0, part,
             NEAR_DIMS, 1);
        gemm(NEAR_DIMS, dims, n, 1, (struct matrix){part, 1, NEAR_DIMS}, (struct matrix){sample, row, 1}, 0,
             basis, row, 1);
        orthonormalise(basis, dims);
    }
    free(part);
}

static void learn(struct sketches *s, const float *x, size_t n)
{
    const size_t count = n < SAMPLE ? n : SAMPLE, dims = s->dims;
    float *sample = xaligned(count * dims, sizeof *sample);
    for (size_t k = 0; k < dims; k++)
        s->mean[k] = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(sample + i * dims, x + i * n / count * dims, dims * sizeof *x);
        for (size_t k = 0; k < dims; k++)
            s->mean[k] += sample[i * dims + k] / (float)count;
    }
    centred(sample, sample, count, dims, s->mean);
    find_basis(s->basis, sample, count, dims);
    free(sample);
}

/* With u = 2^-24 a coordinate errs by at most dims u |x| (x centred), so a sketch by e |x|, e = sqrt(32) dims
 * u, and the squared distance of two by 2 (2 e + e^2) (|x|^2 + |c|^2). Double that covers e^2; 1e-4 covers
 * the basis's rounding, the products of near_mask and those of distance_squared. */
static double error_of(size_t dims)
{
    return 8 * sqrt(NEAR_DIMS) * (double)dims * (FLT_EPSILON / 2) + 1e-4;
}

struct drawing {
    struct sketches *s;
    const float *x;
    size_t n;
};

static void draw_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct drawing *d = arg;
    struct sketches *s = d->s;
    const size_t from = task * BLOCK, n = d->n - from < BLOCK ? d->n - from : BLOCK, dims = s->dims;
    float *x = xaligned(n * dims, sizeof *x), *out = s->x + from * NEAR_DIMS;
    centred(x, d->x + from * dims, n, dims, s->mean);
    gemm(n, NEAR_DIMS, dims, 1, (struct matrix){x, (ptrdiff_t)dims, 1},
         (struct matrix){s->basis, 1, (ptrdiff_t)dims}, 0, out, NEAR_DIMS, 1);
    for (size_t i = 0; i < n; i++)
        s->slack[from + i] = (float)(s->error * dot(x + i * dims, x + i * dims, dims) -
                                     dot(out + i * NEAR_DIMS, out + i * NEAR_DIMS, NEAR_DIMS));
    free(x);
}

struct sketches *sketches_new(const float *x, size_t n, size_t dims, size_t centres)
{
    struct sketches *s = xcalloc(1, sizeof *s);
    s->dims = dims;
    s->error = error_of(dims);
    s->mean = xaligned(dims, sizeof(float));
    s->basis = xaligned(NEAR_DIMS * dims, sizeof(float));
    s->x = xaligned(n * NEAR_DIMS, sizeof(float));
    s->slack = xaligned(n, sizeof(float));
    s->tile = xaligned(tiles(centres) * NEAR_TILE * NEAR_DIMS, sizeof(float));
    s->offset = xaligned(tiles(centres) * NEAR_TILE, sizeof(float));
    memset(s->tile, 0, tiles(centres) * NEAR_TILE * NEAR_DIMS * sizeof(float));
    for (size_t j = 0; j < tiles(centres) * NEAR_TILE; j++)
        s->offset[j] = NAN; /* not near to anything, even at an infinite distance */
    learn(s, x, n);
    pool_run((n + BLOCK - 1) / BLOCK, draw_task, &(struct drawing){s, x, n});
    return s;
}

void sketches_free(struct sketches *s)
{
    if (!s)
        return;
    free(s->mean);
    free(s->basis);
    free(s->x);
    free(s->slack);
    free(s->tile);
    free(s->offset);
    free(s);
}

void sketches_add_centre(struct sketches *s, size_t i)
{
    const size_t j = s->centres++;
    float *column = s->tile + j / NEAR_TILE * NEAR_TILE * NEAR_DIMS + j % NEAR_TILE;
    for (size_t k = 0; k < NEAR_DIMS; k++)
        column[k * NEAR_TILE] = -2 * s->x[i * NEAR_DIMS + k];
    s->offset[j] = -s->slack[i];
}

void sketches_near(uint64_t mask[NEAR_TILE / 64], const struct sketches *s, size_t i, size_t tile,
                   float squared)
{
    near_mask(mask, s->x + i * NEAR_DIMS, s->tile + tile * NEAR_TILE * NEAR_DIMS,
              s->offset + tile * NEAR_TILE, squared + s->slack[i]);
}
