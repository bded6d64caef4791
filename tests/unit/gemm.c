/* num/gemm: against the naive loops on odd sizes and strides; the bits of a row do not depend on its neighbours. With BLIS's kernels
 * for each level of CPU, of which it takes one kind for good: each in a process of its own. */
#include "num/gemm.h"
#include "base/mem.h"
#include "base/rng.h"
#include "num/cpu.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static float *noise(size_t n, uint64_t stream)
{
    struct rng r = rng_new(7, stream);
    float *x = xmalloc(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_range(&r, -1, 1);
    return x;
}

static void against_naive(size_t m, size_t n, size_t k, bool transposed)
{
    float *a = noise(m * k, 1), *b = noise(k * n, 2), *c = noise(m * n, 3), *d = xmalloc(m * n, sizeof *d);
    memcpy(d, c, m * n * sizeof *d);
    struct matrix ma = transposed ? (struct matrix){a, 1, (ptrdiff_t)m} : (struct matrix){a, (ptrdiff_t)k, 1};
    struct matrix mb = {b, (ptrdiff_t)n, 1};
    gemm(m, n, k, 0.5f, ma, mb, 1.0f, c, (ptrdiff_t)n, 1);
    gemm_naive(m, n, k, 0.5f, ma, mb, 1.0f, d, (ptrdiff_t)n, 1);
    double worst = 0;
    for (size_t i = 0; i < m * n; i++)
        worst = worse(worst, fabs((double)c[i] - d[i]));
    ok(worst < 1e-5 * sqrt((double)k), "gemm %zux%zux%zu%s, error %.2g", m, n, k,
       transposed ? " transposed" : "", worst);
    free(a), free(b), free(c), free(d);
}

static void row_bits(void)
{
    enum { M = 67, N = 129, K = 700 };
    float *a = noise(M * K, 4), *b = noise(K * N, 5), *all = xmalloc(M * N, sizeof *all), one[N];
    gemm(M, N, K, 1, (struct matrix){a, K, 1}, (struct matrix){b, N, 1}, 0, all, N, 1);
    bool same = true;
    for (size_t i = 0; i < M; i++) {
        gemm(1, N, K, 1, (struct matrix){a + i * K, K, 1}, (struct matrix){b, N, 1}, 0, one, N, 1);
        same &= memcmp(one, all + i * N, sizeof one) == 0;
    }
    ok(same, "a row alone has the bits it has among others");
    free(a), free(b), free(all);
}

static void check_all(void)
{
    against_naive(1, 1, 1, false);
    against_naive(7, 13, 5, true);
    against_naive(64, 48, 300, false);
    against_naive(33, 129, 517, true);
    row_bits();
}

/* check_all() in a child; its tests are printed there. */
static bool passes_as(enum cpu_level level)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        cpu_pretend(level);
        printf("# CPU %s, BLIS %s\n", cpu_level_name(level), gemm_kernels());
        check_all();
        fflush(stdout);
        _exit(tap_failed != 0);
    }
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
    enum { TESTS = 5 };
    const enum cpu_level best = cpu_level();
    for (enum cpu_level level = CPU_PLAIN; level <= best; level++) {
        const bool passed = passes_as(level);
        tap_count += TESTS;
        ok(passed, "as %s", cpu_level_name(level));
    }
    return done();
}
