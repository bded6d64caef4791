/* Included by channel_plain.c, channel_avx2.c and channel_avx512.c, which name CHANNEL_KERNELS. Blocks of 16
 * channels keep their sums in registers while a row of pixels goes by; the compiler makes vectors of the
 * loops over `i`. */
#include "num/channel_kernel.h"

enum { BLOCK = 16 };

static void sums(double *sum, double *squares, const float *x, size_t pixels, size_t c)
{
    size_t from = 0;
    for (; from + BLOCK <= c; from += BLOCK) {
        double s[BLOCK], q[BLOCK];
        for (size_t i = 0; i < BLOCK; i++) {
            s[i] = sum[from + i];
            q[i] = squares[from + i];
        }
        for (size_t p = 0; p < pixels; p++)
            for (size_t i = 0; i < BLOCK; i++) {
                const double v = x[p * c + from + i];
                s[i] += v;
                q[i] += v * v;
            }
        for (size_t i = 0; i < BLOCK; i++) {
            sum[from + i] = s[i];
            squares[from + i] = q[i];
        }
    }
    for (; from < c; from++)
        for (size_t p = 0; p < pixels; p++) {
            const double v = x[p * c + from];
            sum[from] += v;
            squares[from] += v * v;
        }
}

static void affine(float *out, const float *x, const float *scale, const float *shift, const float *residual,
                   bool relu, size_t pixels, size_t c)
{
    const float low = relu ? 0.0f : -__builtin_inff();
    for (size_t p = 0; p < pixels; p++) {
        const float *in = x + p * c;
        float *o = out + p * c;
        if (residual)
            for (size_t i = 0; i < c; i++) {
                const float v = in[i] * scale[i] + shift[i] + residual[p * c + i];
                o[i] = v > low ? v : low;
            }
        else
            for (size_t i = 0; i < c; i++) {
                const float v = in[i] * scale[i] + shift[i];
                o[i] = v > low ? v : low;
            }
    }
}

/* One block or tail of `n` channels. */
static inline __attribute__((always_inline)) void gradient_block(double *sum, double *product, float *dz_out,
                                                                 bool accumulate, const float *dy,
                                                                 const float *y, const float *x,
                                                                 size_t pixels, size_t c, size_t n)
{
    double s[BLOCK], q[BLOCK];
    for (size_t i = 0; i < n; i++) {
        s[i] = sum[i];
        q[i] = product[i];
    }
    for (size_t p = 0; p < pixels; p++) {
        float dz[BLOCK];
        for (size_t i = 0; i < n; i++)
            dz[i] = y && !(y[p * c + i] > 0.0f) ? 0.0f : dy[p * c + i];
        for (size_t i = 0; i < n; i++) {
            s[i] += dz[i];
            q[i] += (double)dz[i] * x[p * c + i];
        }
        if (dz_out && accumulate)
            for (size_t i = 0; i < n; i++)
                dz_out[p * c + i] += dz[i];
        else if (dz_out)
            for (size_t i = 0; i < n; i++)
                dz_out[p * c + i] = dz[i];
    }
    for (size_t i = 0; i < n; i++) {
        sum[i] = s[i];
        product[i] = q[i];
    }
}

static void gradient_sums(double *sum, double *product, float *dz_out, bool accumulate, const float *dy,
                          const float *y, const float *x, size_t pixels, size_t c)
{
    size_t from = 0;
    for (; from + BLOCK <= c; from += BLOCK) {
        float *z = dz_out ? dz_out + from : NULL;
        if (y)
            gradient_block(sum + from, product + from, z, accumulate, dy + from, y + from, x + from, pixels,
                           c, BLOCK);
        else
            gradient_block(sum + from, product + from, z, accumulate, dy + from, NULL, x + from, pixels, c,
                           BLOCK);
    }
    if (from < c)
        gradient_block(sum + from, product + from, dz_out ? dz_out + from : NULL, accumulate, dy + from,
                       y ? y + from : NULL, x + from, pixels, c, c - from);
}

static void gradient(float *dx, const float *dy, const float *y, const float *x, const float *a,
                     const float *b, const float *d, size_t pixels, size_t c)
{
    for (size_t p = 0; p < pixels; p++) {
        const float *in = x + p * c, *g = dy + p * c;
        float *o = dx + p * c;
        if (y)
            for (size_t i = 0; i < c; i++)
                o[i] = a[i] * (y[p * c + i] > 0.0f ? g[i] : 0.0f) + b[i] * in[i] + d[i];
        else
            for (size_t i = 0; i < c; i++)
                o[i] = a[i] * g[i] + b[i] * in[i] + d[i];
    }
}

const struct channel_kernels CHANNEL_KERNELS = {sums, affine, gradient_sums, gradient};
