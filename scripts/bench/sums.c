/* sums - seconds of sums over ranks alone, with nothing to compute beside: for scripts/bench/scaling. On rank 0 a TSV: ranks,
 * floats, pieces, seconds (median of the rounds).
 *
 * usage: mpirun ... build/mpi/bench/sums [FLOATS [PIECES [ROUNDS]]]      (11000000 16 5) */
#include "base/err.h"
#include "base/mem.h"
#include "base/progress.h"
#include "ranks/ranks.h"
#include <stdio.h>
#include <stdlib.h>

static double sums(float *x, size_t n, size_t pieces)
{
    const double start = progress_clock();
    for (size_t i = pieces; i-- > 0;) {
        const size_t from = n * i / pieces;
        ranks_sum_start(x + from, n * (i + 1) / pieces - from, DT_F32, false);
    }
    ranks_sum_finish();
    return progress_clock() - start;
}

static int by_value(const void *x, const void *y)
{
    const double a = *(const double *)x, c = *(const double *)y;
    return (a > c) - (a < c);
}

int main(int argc, char **argv)
{
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 11000000,
                 pieces = argc > 2 ? strtoul(argv[2], NULL, 10) : 16,
                 rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 5;
    err_init(argv[0]);
    ranks_begin();
    float *x = xcalloc(n, sizeof *x);
    double *seconds = xcalloc(rounds, sizeof *seconds);
    for (size_t i = 0; i < rounds; i++)
        seconds[i] = sums(x, n, pieces);
    qsort(seconds, rounds, sizeof *seconds, by_value);
    if (ranks_mine() == 0)
        printf("%zu\t%zu\t%zu\t%.6f\n", ranks_size(), n, pieces, seconds[rounds / 2]);
    free(seconds);
    free(x);
    ranks_end();
}
