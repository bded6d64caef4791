#include "num/vector.h"
#include "num/cpu.h"
#include "num/vector_kernel.h"

static const struct vector_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &vector_plain,
                                                     [CPU_AVX2] = CPU_X86(vector_avx2),
                                                     [CPU_AVX512] = CPU_X86(vector_avx512)};
    return cpu_choose(by_level);
}

double vector_forward(double *z, const float *rows, size_t first, size_t n)
{
    return kernels()->forward(z, rows, first, n);
}

double vector_projection(const float *w, const double *y, size_t rows, size_t n)
{
    return kernels()->projection(w, y, rows, n);
}

double vector_centre(double *out, const float *x, const double *mean, size_t n)
{
    return kernels()->centre(out, x, mean, n);
}

void vector_solve(double *b, size_t b_row, size_t columns, const double *u, size_t u_row, size_t n)
{
    kernels()->solve(b, b_row, columns, u, u_row, n);
}
