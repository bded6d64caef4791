/* Processes that work on one thing together, on one machine or many, each with a number: its rank. Which they are is known by
 * whoever started them (mpirun); this header knows of no network. Two sources stand behind it: ranks_mpi.c (make MPI=1), and
 * ranks_alone.c, for which there is one rank, always.
 *
 *     ranks_begin();
 *     ranks_copy(&step, sizeof step);           rank 0's is now everybody's
 *     ranks_sum_start(x, n, DT_F32, false);     on its way while the caller computes
 *     ranks_sum_start(y, m, DT_F64, false);
 *     ranks_sum_finish();                       x and y are the sums, the same bits everywhere
 *     ranks_end();
 *
 * All ranks make the same calls in the same order, from one thread. One that dies ends all: the line that it dies with has its
 * rank before the reason; of one that was killed the next rank says so, by its silence. Nobody owns memory here: buffers are
 * the caller's, and left alone between start and finish. */
#ifndef RANKS_RANKS_H
#define RANKS_RANKS_H
#include "base/tensor.h"
#include <stdbool.h>
#include <stddef.h>

/* Before this there is one rank. Dies where the program was started as one of many but can't talk to them, or where they are
 * not a power of two. Sets err_hook and takes SIGCONT; all but rank 0 are as quiet as with -q. */
void ranks_begin(void);
/* Waits for all. */
void ranks_end(void);
size_t ranks_size(void);
size_t ranks_mine(void);

/* Rank 0's bytes to all. */
void ranks_copy(void *data, size_t bytes);
/* Dies where this rank's text is not rank 0's: "WHAT of rank 1 is not that of rank 0: ..." */
void ranks_agree(const char *what, const char *text);

/* Begins to add up x (n of f32 or f64) over the ranks, element by element, by one tree: ranks r and r + size / 2 first, then r
 * and r + size / 4, ..., in the end 0 and 1. narrow (f32): what is added, and the total, are rounded to bf16, and so they
 * travel. */
void ranks_sum_start(void *x, size_t n, enum dtype type, bool narrow);
/* All sums that were begun are where their parts were. */
void ranks_sum_finish(void);

/* This rank ends now by a signal that came for all: the others need not say so. */
void ranks_leave(void);
/* What all ranks find alike rank 0 says: here the others wait until they are ended. */
void ranks_let_first_speak(void);
#endif
