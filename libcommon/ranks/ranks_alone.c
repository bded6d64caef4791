/* ranks.h without messages: one rank. make MPI=1 takes ranks_mpi.c in its place. */
#include "base/err.h"
#include "ranks/narrow.h"
#include "ranks/ranks.h"
#include <stdlib.h>

void ranks_begin(void)
{
    const char *size = getenv("OMPI_COMM_WORLD_SIZE"); /* as mpirun tells its children */
    if (size && strtoul(size, NULL, 10) > 1)
        die("started as one of %s ranks, but built without MPI: make MPI=1", size);
}

void ranks_end(void)
{
}

size_t ranks_size(void)
{
    return 1;
}

size_t ranks_mine(void)
{
    return 0;
}

void ranks_copy(void *data, size_t bytes)
{
    (void)data;
    (void)bytes;
}

void ranks_agree(const char *what, const char *text)
{
    (void)what;
    (void)text;
}

void ranks_sum_start(void *x, size_t n, enum dtype type, bool narrow)
{
    (void)type;
    if (narrow)
        narrow_round(x, n);
}

void ranks_sum_finish(void)
{
}

void ranks_leave(void)
{
}

void ranks_let_first_speak(void)
{
}
