/* Small dense kernels that gemm.h does not cover: triangular solves and projections whose matrices are stored
 * in f32 and applied in f64, for one vector at a time.
 *
 * Every kernel sums in eight lanes in a fixed order and fuses nothing, so that its bits are the same on every
 * CPU. They run on the calling thread, allocate nothing and read nothing outside their operands. */
#ifndef NUM_VECTOR_H
#define NUM_VECTOR_H
#include <stddef.h>

/* Forward substitution L z = y, continued: `rows` holds rows [first, first + n) of a lower triangle, packed
 * (row i has i + 1 elements). On entry z[0, first) is solved and z[first, first + n) holds y; on return all
 * of it is solved. Returns the sum of squares of the n new elements. */
double vector_forward(double *z, const float *rows, size_t first, size_t n);

/* |W y|^2; W: rows x n, row-major. */
double vector_projection(const float *w, const double *y, size_t rows, size_t n);

/* out = x - mean; returns |out|^2. All of n elements. */
double vector_centre(double *out, const float *x, const double *mean, size_t n);

enum { VECTOR_BLOCK = 32 };
/* B = U^-T B for an upper triangle of at most VECTOR_BLOCK rows. u: n x n at u[i * u_row + j], its lower part
 * is not read. b: n x columns at b[i * b_row + j]. */
void vector_solve(double *b, size_t b_row, size_t columns, const double *u, size_t u_row, size_t n);
#endif
