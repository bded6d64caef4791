/* num/cholesky, num/vector: a hand-made factor, identities on pseudo-random matrices of odd sizes, continued
 * factors, and the same bits from the kernels of every CPU. */
#include "base/mem.h"
#include "base/rng.h"
#include "num/cholesky.h"
#include "num/cpu.h"
#include "num/vector.h"
#include "num/vector_kernel.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* [[4,2,2],[2,5,3],[2,3,6]] = U^T U, U = [[2,1,1],[0,2,1],[0,0,2]] */
static void by_hand(void)
{
    double s[9] = {4, 2, 2, 2, 5, 3, 2, 3, 6};
    const double u[9] = {2, 1, 1, 0, 2, 1, 0, 0, 2};
    bool same = cholesky_factor(s, 3, 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = i; j < 3; j++)
            same &= s[i * 3 + j] == u[i * 3 + j];
    ok(same, "a 3x3 factor made by hand");

    float packed[6];
    cholesky_pack(packed, s, 3, 0, 3);
    const float rows[6] = {2, 1, 2, 1, 1, 2};
    ok(!memcmp(packed, rows, sizeof rows), "packed rows of the lower triangle");
    double z[3] = {2, 5, 9}; /* L (1, 2, 3) */
    ok(vector_forward(z, packed, 0, 3) == 14 && z[0] == 1 && z[1] == 2 && z[2] == 3, "forward substitution");

    double indefinite[4] = {1, 2, 2, 1};
    ok(!cholesky_factor(indefinite, 2, 2), "an indefinite matrix is refused");
    double unknown[1] = {(double)NAN};
    ok(!cholesky_factor(unknown, 1, 1), "a NaN is refused");
}

/* A A^T / n + I / 10, n x n. */
static double *covariance(size_t n, uint64_t seed)
{
    struct rng r = rng_new(seed, n);
    double *a = xmalloc(n * n, sizeof *a), *s = xmalloc(n * n, sizeof *s);
    for (size_t i = 0; i < n * n; i++)
        a[i] = rng_normal(&r);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = i == j ? 0.1 : 0;
            for (size_t k = 0; k < n; k++)
                sum += a[i * n + k] * a[j * n + k] / (double)n;
            s[i * n + j] = sum;
        }
    free(a);
    return s;
}

static double *copy_of(const double *a, size_t n)
{
    double *b = xmalloc(n, sizeof *b);
    memcpy(b, a, n * sizeof *b);
    return b;
}

static double product_error(const double *u, const double *s, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) {
            double sum = 0;
            for (size_t k = 0; k <= i; k++)
                sum += u[k * n + i] * u[k * n + j];
            worst = worse(worst, fabs(sum - s[i * n + j]));
        }
    return worst;
}

/* The factor's last n - done rows, computed from the first ones, against the whole. */
static double continue_error(const double *u, const double *s, size_t n, size_t done)
{
    double *again = copy_of(u, n * n), worst = 0;
    memcpy(again + done * n, s + done * n, (n - done) * n * sizeof *s);
    cholesky_continue(again + done, n, done, n - done, n - done);
    for (size_t i = done; i < n; i++)
        for (size_t j = i; j < n; j++)
            worst = worse(worst, fabs(again[i * n + j] - u[i * n + j]));
    free(again);
    return worst;
}

static double solve_error(const double *u, size_t n, size_t columns)
{
    struct rng r = rng_new(5, n);
    double *z = xmalloc(n * columns, sizeof *z), worst = 0;
    for (size_t i = 0; i < n * columns; i++)
        z[i] = rng_normal(&r);
    double *b = copy_of(z, n * columns);
    cholesky_solve(z, columns, columns, u, n, 0, n);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < columns; c++) {
            double sum = 0;
            for (size_t k = 0; k <= i; k++)
                sum += u[k * n + i] * z[k * columns + c];
            worst = worse(worst, fabs(sum - b[i * columns + c]));
        }
    free(z);
    free(b);
    return worst;
}

/* Rows [done, n) of L = U^T, packed, at their places, and nothing behind them. */
static bool packed_rows(const double *u, size_t n, size_t done)
{
    const size_t size = cholesky_packed_size(done, n - done);
    float *rows = xmalloc(size + 1, sizeof *rows), *at = rows;
    bool same = true;
    rows[size] = 7;
    cholesky_pack(rows, u + done, n, done, n - done);
    for (size_t i = done; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            same &= *at++ == (float)u[j * n + i];
    same &= at == rows + size && *at == 7;
    free(rows);
    return same;
}

static void identities(void)
{
    static const size_t sizes[] = {1, 2, 7, 31, 32, 33, 65, 100};
    double product = 0, continued = 0, solved = 0;
    bool packed = true;
    for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++) {
        const size_t n = sizes[t];
        double *s = covariance(n, 3), *u = copy_of(s, n * n);
        if (!cholesky_factor(u, n, n))
            product = INFINITY;
        product = worse(product, product_error(u, s, n));
        for (size_t done = 0; done < n; done += 13) {
            continued = worse(continued, continue_error(u, s, n, done));
            packed &= packed_rows(u, n, done);
        }
        solved = worse(solved, solve_error(u, n, t * 5 + 1));
        free(s);
        free(u);
    }
    ok_close(product, 0, 1e-12, "U^T U = S, sizes 1 to 100");
    ok_close(continued, 0, 1e-12, "a continued factor is the whole one");
    ok_close(solved, 0, 1e-11, "U^T Z = B");
    ok(packed, "packed rows are those of U^T, all of them");
}

/* First rows, then the rest, in any split: close to one pass; and against plain sums. */
static void substitution(void)
{
    enum { N = 71 };
    struct rng r = rng_new(7, 0);
    float *rows = xmalloc(cholesky_packed_size(0, N), sizeof *rows);
    double y[N], z[N], want[N], squares = 0, worst = 0;
    for (size_t i = 0, k = 0; i < N; i++) {
        for (size_t j = 0; j <= i; j++, k++)
            rows[k] = i == j ? 2.0f : (float)rng_range(&r, -0.2, 0.2);
        y[i] = rng_normal(&r);
        want[i] = y[i];
        for (size_t j = 0; j < i; j++)
            want[i] -= (double)rows[k - i - 1 + j] * want[j];
        want[i] /= 2;
        squares += want[i] * want[i];
    }
    for (size_t first = 0; first <= N; first++) {
        memcpy(z, y, sizeof z);
        double sum = vector_forward(z, rows, 0, first);
        sum += vector_forward(z, rows + cholesky_packed_size(0, first), first, N - first);
        worst = worse(worst, fabs(sum - squares));
        for (size_t i = 0; i < N; i++)
            worst = worse(worst, fabs(z[i] - want[i]));
    }
    ok_close(worst, 0, 1e-12, "forward substitution, continued anywhere");
    free(rows);
}

static void projections(void)
{
    double worst = 0;
    for (size_t n = 1; n < 40; n += 3)
        for (size_t rows = 1; rows < 10; rows++) {
            struct rng r = rng_new(rows, n);
            float *w = xmalloc(rows * n, sizeof *w);
            double y[40], want = 0;
            for (size_t i = 0; i < rows * n; i++)
                w[i] = (float)rng_normal(&r);
            for (size_t j = 0; j < n; j++)
                y[j] = rng_normal(&r);
            for (size_t i = 0; i < rows; i++) {
                double dot = 0;
                for (size_t j = 0; j < n; j++)
                    dot += (double)w[i * n + j] * y[j];
                want += dot * dot;
            }
            worst = worse(worst, fabs(vector_projection(w, y, rows, n) - want) / want);
            free(w);
        }
    ok_close(worst, 0, 1e-12, "|W y|^2 of odd sizes");
}

static void centring(void)
{
    enum { M = 61 };
    float x[M];
    double mean[M], out[M], squares = 0;
    bool right = true;
    struct rng r = rng_new(8, 8);
    for (size_t i = 0; i < M; i++) {
        x[i] = (float)rng_normal(&r);
        mean[i] = rng_normal(&r);
        squares += ((double)x[i] - mean[i]) * ((double)x[i] - mean[i]);
    }
    ok_close(vector_centre(out, x, mean, M), squares, 1e-12 * squares,
             "the square of a vector less the mean");
    for (size_t i = 0; i < M; i++)
        right &= out[i] == (double)x[i] - mean[i];
    ok(right, "and the vector");
}

static bool same_bits(const struct vector_kernels *a, const struct vector_kernels *b)
{
    enum { N = 29 };
    struct rng r = rng_new(11, 0);
    float w[N * N];
    double y[2][N * N], u[N * N];
    for (size_t i = 0; i < N * N; i++) {
        w[i] = (float)rng_range(&r, 0.5, 1);
        u[i] = rng_range(&r, 0.5, 1);
        y[0][i] = y[1][i] = rng_normal(&r);
    }
    double p = a->projection(w, y[0], N, N), q = b->projection(w, y[1], N, N);
    bool same = !memcmp(&p, &q, sizeof p);
    a->solve(y[0], N, N, u, N, N);
    b->solve(y[1], N, N, u, N, N);
    same &= !memcmp(y[0], y[1], sizeof y[0]);
    p = a->forward(y[0], w, 3, N - 3);
    q = b->forward(y[1], w, 3, N - 3);
    return same && !memcmp(&p, &q, sizeof p) && !memcmp(y[0], y[1], sizeof y[0]);
}

static void kernels(void)
{
    if (cpu_level() >= CPU_AVX2)
        ok(same_bits(&vector_plain, CPU_X86(vector_avx2)), "AVX2 kernels: the plain ones' bits");
    else
        skip("AVX2 kernels: the plain ones' bits", "not on this CPU");
    if (cpu_level() >= CPU_AVX512)
        ok(same_bits(&vector_plain, CPU_X86(vector_avx512)), "AVX-512 kernels: the plain ones' bits");
    else
        skip("AVX-512 kernels: the plain ones' bits", "not on this CPU");
}

int main(void)
{
    centring();
    by_hand();
    identities();
    substitution();
    projections();
    kernels();
    return done();
}
