#include "num/channel.h"
#include "num/channel_kernel.h"
#include "num/cpu.h"

static const struct channel_kernels *kernels(enum dtype type)
{
    const size_t which = type == DT_BF16;
#if defined(__x86_64__)
    if (cpu_level() >= CPU_AVX512)
        return &channel_kernels_avx512[which];
    if (cpu_level() >= CPU_AVX2)
        return &channel_kernels_avx2[which];
#endif
    return &channel_kernels_plain[which];
}

void channel_sums(enum dtype type, double *sum, double *squares, const void *x, size_t pixels, size_t c)
{
    kernels(type)->sums(sum, squares, x, pixels, c);
}

void channel_affine(enum dtype type, void *out, const void *x, const float *scale, const float *shift,
                    const void *residual, bool relu, size_t pixels, size_t c)
{
    kernels(type)->affine(out, x, scale, shift, residual, relu, pixels, c);
}

void channel_gradient_sums(enum dtype type, double *sum, double *product, void *dz_out, bool accumulate,
                           const void *dy, const void *y, const void *x, size_t pixels, size_t c)
{
    kernels(type)->gradient_sums(sum, product, dz_out, accumulate, dy, y, x, pixels, c);
}

void channel_gradient(enum dtype type, void *dx, const void *dy, const void *y, const void *x, const float *a,
                      const float *b, const float *d, size_t pixels, size_t c)
{
    kernels(type)->gradient(dx, dy, y, x, a, b, d, pixels, c);
}

void channel_largest(enum dtype type, void *out, const void *in, size_t n)
{
    kernels(type)->largest(out, in, n);
}

void channel_largest_gradient(enum dtype type, void *const *dx, const void *dy, const void *const *x,
                              size_t taps, size_t n)
{
    kernels(type)->largest_gradient(dx, dy, x, taps, n);
}
