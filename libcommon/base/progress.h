/* Progress on stderr: done, rate, time left. Shown when stderr is a terminal (one line, rewritten), with -v
 * also as plain lines; never with -q. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H
#include <stddef.h>

struct progress {
    const char *unit; /* what is counted: "images" */
    size_t total;     /* 0: unknown */
    size_t done;
    double start, shown; /* seconds of the monotonic clock */
    int mode;
    char extra[96]; /* what else to say, after the rate; "" nothing */
};

struct progress progress_start(const char *unit, size_t total);
/* Counts n more; prints at most every half second (lines: every ten). */
void progress_add(struct progress *p, size_t n);
/* The last line, with the count and the mean rate. */
void progress_end(struct progress *p);
/* The monotonic clock in seconds. */
double progress_clock(void);
#endif
