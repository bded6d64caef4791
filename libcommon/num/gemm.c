#include "num/gemm.h"
#include "base/err.h"
#include "num/cpu.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <blis.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
/* BLIS 0.9 takes unknown Xeon models for haswell, at half the speed: decide here, before bli_init. */
static void start(void)
{
    const arch_t wanted = cpu_level() >= CPU_AVX512 ? BLIS_ARCH_SKX
                          : cpu_level() == CPU_AVX2 ? BLIS_ARCH_HASWELL
                                                    : BLIS_ARCH_GENERIC;
    char number[16];
    snprintf(number, sizeof number, "%d", (int)wanted);
    bool told = getenv("BLIS_ARCH_TYPE") != NULL;
    setenv("BLIS_ARCH_TYPE", number, 0);
    bli_init();
    if (!told && bli_arch_query_id() != wanted)
        notice("BLIS runs its %s kernels, not those asked for", bli_arch_string(bli_arch_query_id()));
}
#else
/* Elsewhere its builds know few kinds of CPU, and those well. */
static void start(void)
{
    bli_init();
}
#endif

const char *gemm_kernels(void)
{
    pthread_once(&once, start);
    return bli_arch_string(bli_arch_query_id());
}

static rntm_t single_thread(void)
{
    rntm_t rntm = BLIS_RNTM_INITIALIZER;
    pthread_once(&once, start);
    bli_rntm_set_num_threads(1, &rntm);
    bli_rntm_disable_l3_sup(&rntm); /* its kernels sum in an order that depends on m and n */
    return rntm;
}

void gemm(size_t m, size_t n, size_t k, float alpha, struct matrix a, struct matrix b, float beta, float *c,
          ptrdiff_t c_row, ptrdiff_t c_column)
{
    rntm_t rntm = single_thread();
    bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, (dim_t)m, (dim_t)n, (dim_t)k, &alpha, (float *)a.data,
                 a.row, a.column, (float *)b.data, b.row, b.column, &beta, c, c_row, c_column, NULL, &rntm);
}

void gemm_f64(size_t m, size_t n, size_t k, double alpha, const double *a, ptrdiff_t a_row,
              ptrdiff_t a_column, const double *b, ptrdiff_t b_row, ptrdiff_t b_column, double beta,
              double *c, ptrdiff_t c_row, ptrdiff_t c_column)
{
    rntm_t rntm = single_thread();
    bli_dgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, (dim_t)m, (dim_t)n, (dim_t)k, &alpha, (double *)a,
                 a_row, a_column, (double *)b, b_row, b_column, &beta, c, c_row, c_column, NULL, &rntm);
}

void gemm_naive(size_t m, size_t n, size_t k, float alpha, struct matrix a, struct matrix b, float beta,
                float *c, ptrdiff_t c_row, ptrdiff_t c_column)
{
    for (ptrdiff_t i = 0; i < (ptrdiff_t)m; i++)
        for (ptrdiff_t j = 0; j < (ptrdiff_t)n; j++) {
            double sum = 0;
            float *at = &c[i * c_row + j * c_column];
            for (ptrdiff_t l = 0; l < (ptrdiff_t)k; l++)
                sum += (double)a.data[i * a.row + l * a.column] * b.data[l * b.row + j * b.column];
            *at = (float)(alpha * sum + (beta == 0.0f ? 0.0 : (double)beta * *at));
        }
}
