#include "num/cholesky.h"
#include "num/gemm.h"
#include "num/vector.h"
#include <math.h>

/* The diagonal block, n <= VECTOR_BLOCK, by inner products. */
static bool factor_block(double *u, size_t row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            const double x = u[k * row + i];
            for (size_t j = i; j < n; j++)
                u[i * row + j] -= x * u[k * row + j];
        }
        const double pivot = u[i * row + i];
        if (!(pivot > 0) || !isfinite(pivot))
            return false;
        const double root = sqrt(pivot);
        for (size_t j = i; j < n; j++)
            u[i * row + j] /= root;
    }
    return true;
}

static size_t block_size(size_t left)
{
    return left < VECTOR_BLOCK ? left : VECTOR_BLOCK;
}

bool cholesky_continue(double *u, size_t row, size_t done, size_t n, size_t columns)
{
    for (size_t b = 0; b < n; b += VECTOR_BLOCK) {
        const size_t size = block_size(n - b), above = done + b;
        double *block = u + above * row + b;
        if (above)
            gemm_f64(size, columns - b, above, -1, u + b, 1, (ptrdiff_t)row, u + b, (ptrdiff_t)row, 1, 1,
                     block, (ptrdiff_t)row, 1);
        if (!factor_block(block, row, size))
            return false;
        vector_solve(block + size, row, columns - b - size, block, row, size);
    }
    return true;
}

bool cholesky_factor(double *u, size_t row, size_t n)
{
    return cholesky_continue(u, row, 0, n, n);
}

void cholesky_solve(double *z, size_t z_row, size_t columns, const double *u, size_t row, size_t done,
                    size_t n)
{
    for (size_t b = 0; b < n; b += VECTOR_BLOCK) {
        const size_t size = block_size(n - b), above = done + b;
        double *block = z + above * z_row;
        if (above)
            gemm_f64(size, columns, above, -1, u + b, 1, (ptrdiff_t)row, z, (ptrdiff_t)z_row, 1, 1, block,
                     (ptrdiff_t)z_row, 1);
        vector_solve(block, z_row, columns, u + above * row + b, row, size);
    }
}

size_t cholesky_packed_size(size_t done, size_t n)
{
    return done * n + n * (n + 1) / 2;
}

void cholesky_pack(float *out, const double *u, size_t row, size_t done, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= done + i; j++)
            *out++ = (float)u[j * row + i];
}
