/* Compiled once for every level (num/level.h); the compiler makes vectors of the loops. */
#include "nn/coupling_kernel.h"
#include "num/level.h"

/* In four lanes, so that additions needn't wait for each other. */
static double scale(float *restrict s, const float *restrict h, float clamp, size_t n)
{
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) {
            s[i + k] = clamp * h[i + k];
            sum[k] += (double)s[i + k];
        }
    for (; i < n; i++) {
        s[i] = clamp * h[i];
        sum[0] += (double)s[i];
    }
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

static void forward(float *restrict u, const struct coupling_pixel *p)
{
    const float *restrict x = p->x, *restrict g = p->g, *restrict o = p->offset, *restrict e = p->e,
                          *restrict shift = p->shift;
    const size_t first = p->first, second = p->second;
    for (size_t j = 0; j < first; j++)
        u[j] = x[j] * g[j] + o[j];
    for (size_t i = 0; i < second; i++)
        u[first + i] = (x[first + i] * e[i] + 0.1f * shift[i]) * g[first + i] + o[first + i];
}

static void backward(float *restrict dx, float *restrict da, double *restrict sums, const float *restrict du,
                     float d, const struct coupling_pixel *p)
{
    const size_t first = p->first, second = p->second, c = first + second;
    const float *restrict x = p->x, *restrict g = p->g, *restrict e = p->e, *restrict h = p->h,
                          *restrict shift = p->shift;
    const float clamp = p->clamp;
    for (size_t j = 0; j < first; j++) {
        dx[j] = du[j] * g[j];
        sums[j] += (double)du[j] * x[j];
        sums[c + j] += du[j];
    }
    for (size_t i = 0, j = first; i < second; i++, j++) {
        const float v = x[j] * e[i] + 0.1f * shift[i];
        sums[j] += (double)du[j] * v;
        sums[c + j] += du[j];
    }
    for (size_t i = 0, j = first; i < second; i++, j++) {
        const float dv = du[j] * g[j], ds = dv * x[j] * e[i] + d;
        dx[j] = dv * e[i];
        da[i] = ds * clamp * (1 - h[i] * h[i]) * 0.1f;
        da[second + i] = 0.1f * dv;
    }
}

const struct coupling_kernels KERNELS(coupling) = {scale, forward, backward};
