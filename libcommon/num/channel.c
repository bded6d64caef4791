#include "num/channel.h"
#include "num/channel_kernel.h"
#include "num/cpu.h"

static const struct channel_kernels *kernels(void)
{
#if defined(__x86_64__)
    if (cpu_level() >= CPU_AVX512)
        return &channel_kernels_avx512;
    if (cpu_level() >= CPU_AVX2)
        return &channel_kernels_avx2;
#endif
    return &channel_kernels_plain;
}

void channel_sums(double *sum, double *squares, const float *x, size_t pixels, size_t c)
{
    kernels()->sums(sum, squares, x, pixels, c);
}

void channel_affine(float *out, const float *x, const float *scale, const float *shift, const float *residual,
                    bool relu, size_t pixels, size_t c)
{
    kernels()->affine(out, x, scale, shift, residual, relu, pixels, c);
}

void channel_gradient_sums(double *sum, double *product, float *dz_out, bool accumulate, const float *dy,
                           const float *y, const float *x, size_t pixels, size_t c)
{
    kernels()->gradient_sums(sum, product, dz_out, accumulate, dy, y, x, pixels, c);
}

void channel_gradient(float *dx, const float *dy, const float *y, const float *x, const float *a,
                      const float *b, const float *d, size_t pixels, size_t c)
{
    kernels()->gradient(dx, dy, y, x, a, b, d, pixels, c);
}
