/* How far a rate that was counted may be from the true one: exact binomial bounds (Clopper and Pearson, "The use of confidence or
 * fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934). They never claim too much: the true rate lies
 * within them at least as often as `confidence` says, however few the images. Good to 1e-9. */
#ifndef METRIC_INTERVAL_H
#define METRIC_INTERVAL_H
#include <stdint.h>

struct interval {
    double low, high;
};

/* Of `hits` in `of` images, hits <= of; 0 < confidence < 1. Of no image nothing is known: 0 to 1. */
struct interval interval_binomial(uint64_t hits, uint64_t of, double confidence);
/* The same by one side alone: the true rate is at least, at most that. */
double interval_lower(uint64_t hits, uint64_t of, double confidence);
double interval_upper(uint64_t hits, uint64_t of, double confidence);

/* How many images, all of them hits, it takes for interval_lower to reach `rate`, 0 < rate < 1: 299 for a recall of .99 at
 * .95. For a rate of false alarms that is to be at most r, ask for 1 - r. */
uint64_t interval_needed(double rate, double confidence);
#endif
