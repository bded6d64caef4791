/* What one call of ranks.h has to send and to receive, step by step, with MPI: for the one thread that talks to it. */
#ifndef RANKS_JOB_H
#define RANKS_JOB_H
#include "base/tensor.h"

struct job;
/* number: the same on all ranks, another one than that of any job that is under way. */
struct job *job_sum(void *x, size_t n, enum dtype type, bool narrow, size_t number);
struct job *job_copy(void *data, size_t bytes);
enum job_state { JOB_WAITS, JOB_STEPPED, JOB_DONE };
/* Does what can be done without waiting. */
enum job_state job_advance(struct job *j);
void job_free(struct job *j);
/* What MPI complained of first, or "": jobs stand still then, and the watch finds out which rank is gone. */
const char *job_error(void);
#endif
