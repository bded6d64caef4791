/* Cholesky factorisation S = U^T U in f64, blocked over gemm, in the form that lets factors share rows.
 *
 * Matrices are row-major with a row stride; U is the upper triangle. A factorisation can be *continued*: when
 * two matrices agree in their first `done` rows and columns, so do their factors, and only the rest is
 * computed. Nothing here owns memory or uses more than the calling thread. Every element is summed in an
 * order that depends on its row alone, never on how many columns go along. */
#ifndef NUM_CHOLESKY_H
#define NUM_CHOLESKY_H
#include <stdbool.h>
#include <stddef.h>

/* Rows [0, done) of u are final; rows [done, done + n) hold S. On return they hold U. Column 0 of u is the
 * column of row `done`: u[i * row + j] for i < done is U's element (i, done + j). `columns` >= n of them are
 * treated, those beyond n as further columns of S. False when a pivot is not positive: S is not positive
 * definite. What lies below the diagonal is overwritten and means nothing. */
bool cholesky_continue(double *u, size_t row, size_t done, size_t n, size_t columns);

/* The whole of an n x n matrix. */
bool cholesky_factor(double *u, size_t row, size_t n);

/* Z = U^-T Z for rows [done, done + n), those before being solved already. u as in cholesky_continue; z:
 * (done + n) x columns at z[i * z_row + j]. */
void cholesky_solve(double *z, size_t z_row, size_t columns, const double *u, size_t row, size_t done,
                    size_t n);

/* Elements of rows [done, done + n) of a packed lower triangle. */
size_t cholesky_packed_size(size_t done, size_t n);
/* Those rows of L = U^T in f32, row i with i + 1 elements, as vector_forward reads them. u as in
 * cholesky_continue. */
void cholesky_pack(float *out, const double *u, size_t row, size_t done, size_t n);
#endif
