/* Dense matrix products over BLIS, on the calling thread. Spread work over the pool yourself, by tiles of
 * fixed size.
 *
 * Every element of C is summed in an order that depends on k alone, so its bits do not change with m, n, the
 * tile it lies in, or the number of threads (BLIS's small-matrix kernels, which break this, are off). BLIS is
 * told the CPU (cpu.h) at the first call; a BLIS_ARCH_TYPE in the environment wins. */
#ifndef NUM_GEMM_H
#define NUM_GEMM_H
#include <stddef.h>

/* A matrix: element (i, j) at data[i * row + j * column]. Strides instead of transposes. */
struct matrix {
    const float *data;
    ptrdiff_t row, column;
};

/* C = alpha A B + beta C; A: m x k, B: k x n, C: m x n with strides c_row, c_column. With beta 0, C is not
 * read. */
void gemm(size_t m, size_t n, size_t k, float alpha, struct matrix a, struct matrix b, float beta, float *c,
          ptrdiff_t c_row, ptrdiff_t c_column);
/* The same in double. */
void gemm_f64(size_t m, size_t n, size_t k, double alpha, const double *a, ptrdiff_t a_row,
              ptrdiff_t a_column, const double *b, ptrdiff_t b_row, ptrdiff_t b_column, double beta,
              double *c, ptrdiff_t c_row, ptrdiff_t c_column);
/* The naive loops, for tests. */
void gemm_naive(size_t m, size_t n, size_t k, float alpha, struct matrix a, struct matrix b, float beta,
                float *c, ptrdiff_t c_row, ptrdiff_t c_column);
/* Which kernels BLIS runs ("skx", "haswell", ...), for -v. */
const char *gemm_kernels(void);
#endif
