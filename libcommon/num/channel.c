#include "num/channel.h"
#include "num/channel_kernel.h"
#include "num/cpu.h"

static const struct channel_kernels *kernels(enum dtype type)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = channel_plain,
                                                     [CPU_AVX2] = CPU_X86(channel_avx2[0]),
                                                     [CPU_AVX512] = CPU_X86(channel_avx512[0])};
    return (const struct channel_kernels *)cpu_choose(by_level) + (type == DT_BF16);
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

void channel_mask(enum dtype type, void *dx, bool accumulate, const void *dy, const void *y, size_t n)
{
    kernels(type)->mask(dx, accumulate, dy, y, n);
}

void channel_totals(enum dtype type, double *sum, const void *x, size_t pixels, size_t c)
{
    kernels(type)->totals(sum, x, pixels, c);
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
