/* A sum over R = 2^k ranks, by halves (Rabenseifner, ICCS 2004):
 *
 *   in    with the partner at distance R/2, then R/4, ..., 1: each sends the half of its range that the other keeps, and adds
 *         what it gets to the half it keeps. In the end rank r has the whole sum of 1/R of the elements.
 *   out   with the partner at distance 1, 2, ..., R/2: each sends the range it has, and has twice as much.
 *
 * Whoever adds, the tree is that of ranks.h for every element, since a + b is b + a. A rank sends and gets 2 (1 - 1/R) n
 * elements, and adds (1 - 1/R) n, whatever R is. Short vectors are sent whole and added by both: half the messages do. */
#include "ranks/job.h"
#include "base/err.h"
#include "base/mem.h"
#include "num/bf16.h"
#include "ranks/narrow.h"
#include "ranks/ranks.h"
#include <limits.h>
#include <mpi.h>
#include <stdlib.h>

/* Elements that are sent whole; numbers of jobs that can be under way (MPI promises tags up to 32,767). */
enum { SHORT = 256, NUMBERS = 16384 };

struct job {
    void *x;
    size_t n, size;
    enum dtype type;
    bool narrow, whole;
    int tag;
    size_t distance; /* to the partner of the exchange under way */
    bool out;        /* on the way out */
    size_t from, to; /* the range that this rank has */
    size_t theirs_from, theirs_to;
    void *sent, *got; /* rounded; from the partner: NULL where x itself is */
    MPI_Request request[2];
    int requests;
    void (*begin)(struct job *j);
    bool (*end)(struct job *j); /* what is done when all requests are; true when the job is */
};

/* Element i of the vector. */
static void *at(const struct job *j, size_t i)
{
    return (char *)j->x + i * j->size;
}

static char first_error[MPI_MAX_ERROR_STRING];

const char *job_error(void)
{
    return first_error;
}

static void check(int error)
{
    int n;
    if (error != MPI_SUCCESS && !*first_error)
        MPI_Error_string(error, first_error, &n);
}

static MPI_Datatype wire(const struct job *j)
{
    return j->narrow ? MPI_UINT16_T : j->type == DT_F64 ? MPI_DOUBLE : MPI_FLOAT;
}

/* Sends from..to, gets as many elements as `count` for the same tag. */
static void exchange(struct job *j, size_t from, size_t to, void *into, size_t count)
{
    const int partner = (int)(ranks_mine() ^ j->distance), tag = j->tag + (j->out ? NUMBERS : 0);
    const void *sent = at(j, from);
    if (j->narrow) {
        bf16_narrow(j->sent, at(j, from), to - from);
        sent = j->sent;
    }
    check(MPI_Irecv(into, (int)count, wire(j), partner, tag, MPI_COMM_WORLD, &j->request[0]));
    check(MPI_Isend(sent, (int)(to - from), wire(j), partner, tag, MPI_COMM_WORLD, &j->request[1]));
    j->requests = 2;
}

static void begin_in(struct job *j)
{
    const size_t middle = j->from + (j->to - j->from) / 2;
    const bool upper = ranks_mine() & j->distance;
    size_t from = j->from, to = j->to;
    if (!j->whole && upper)
        to = middle, j->from = middle;
    else if (!j->whole)
        from = middle, j->to = middle;
    exchange(j, from, to, j->got, j->to - j->from);
}

static void begin_out(struct job *j)
{
    /* The partner's range, beside mine in what both had before they parted. */
    size_t from = 0, to = j->n;
    for (size_t d = ranks_size() / 2; d > j->distance; d /= 2) {
        const size_t middle = from + (to - from) / 2;
        *(ranks_mine() & d ? &from : &to) = middle;
    }
    const size_t middle = from + (to - from) / 2;
    const bool upper = ranks_mine() & j->distance;
    j->theirs_from = upper ? from : middle;
    j->theirs_to = upper ? middle : to;
    exchange(j, j->from, j->to, j->narrow ? j->got : at(j, j->theirs_from), j->theirs_to - j->theirs_from);
}

static void add_got(struct job *j)
{
    const size_t n = j->to - j->from;
    if (j->type == DT_F64) {
        const double *got = j->got;
        double *x = at(j, j->from);
        for (size_t i = 0; i < n; i++)
            x[i] += got[i];
        return;
    }
    const float *got = j->got;
    const uint16_t *narrow = j->got;
    float *x = at(j, j->from);
    if (j->narrow)
        narrow_round(x, n);
    for (size_t i = 0; i < n; i++)
        x[i] += j->narrow ? bf16_to_f32(narrow[i]) : got[i];
}

/* The total of my range travels rounded, so mine is rounded too. */
static void turn(struct job *j)
{
    if (j->narrow)
        narrow_round(at(j, j->from), j->to - j->from);
    j->out = true;
    j->distance = 1;
    j->begin = begin_out;
}

static bool end_sum(struct job *j)
{
    if (!j->out) {
        add_got(j);
        j->distance /= 2;
        if (j->distance)
            return false;
        turn(j);
        return j->whole;
    }
    if (j->narrow)
        bf16_widen(at(j, j->theirs_from), j->got, j->theirs_to - j->theirs_from);
    j->from = j->from < j->theirs_from ? j->from : j->theirs_from;
    j->to = j->to > j->theirs_to ? j->to : j->theirs_to;
    j->distance *= 2;
    return j->distance == ranks_size();
}

struct job *job_sum(void *x, size_t n, enum dtype type, bool narrow, size_t number)
{
    struct job *j = xcalloc(1, sizeof *j);
    if (n > INT_MAX)
        die("a vector of %zu elements is too long for one message", n);
    *j = (struct job){.x = x,
                      .n = n,
                      .size = dtype_size(type),
                      .type = type,
                      .narrow = narrow,
                      .whole = n <= SHORT,
                      .tag = (int)(number % NUMBERS),
                      .distance = ranks_size() / 2,
                      .to = n,
                      .begin = begin_in,
                      .end = end_sum};
    const size_t most = j->whole ? n : (n + 1) / 2;
    j->got = xmalloc(most, j->size);
    if (narrow)
        j->sent = xmalloc(most, j->size);
    return j;
}

static void begin_copy(struct job *j)
{
    check(MPI_Ibcast(j->x, (int)j->n, MPI_BYTE, 0, MPI_COMM_WORLD, &j->request[0]));
    j->requests = 1;
}

static bool end_copy(struct job *j)
{
    (void)j;
    return true;
}

struct job *job_copy(void *data, size_t bytes)
{
    struct job *j = xcalloc(1, sizeof *j);
    if (bytes > INT_MAX)
        die("%zu bytes are too many for one message", bytes);
    *j = (struct job){.x = data, .n = bytes, .begin = begin_copy, .end = end_copy};
    return j;
}

enum job_state job_advance(struct job *j)
{
    int ready = 1;
    if (j->requests)
        check(MPI_Testall(j->requests, j->request, &ready, MPI_STATUSES_IGNORE));
    if (!ready || *first_error)
        return JOB_WAITS;
    if (j->requests && j->end(j))
        return JOB_DONE;
    j->begin(j);
    return JOB_STEPPED;
}

void job_free(struct job *j)
{
    free(j->sent);
    free(j->got);
    free(j);
}
