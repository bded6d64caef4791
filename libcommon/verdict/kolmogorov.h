/* The two-sample test of Kolmogorov and Smirnov: may two samples be of one distribution? Its statistic is the largest distance
 * between their empirical distribution functions, here in units of 1 / (n m), a whole number.
 *
 * The chance of it is exact for samples without ties, for ties an upper bound: of all orders of n and m values, equally
 * likely, the share whose path leaves a band (J. L. Hodges, The significance probability of the Smirnov two-sample test, Arkiv
 * foer Matematik 3, 1958, as a recursion over the paths' lattice). */
#ifndef VERDICT_KOLMOGOROV_H
#define VERDICT_KOLMOGOROV_H
#include <stddef.h>
#include <stdint.h>

/* The probability that the distance is distance / (n m) or more. Time is in proportion to n m. n, m: 1 to 2^31. */
double kolmogorov_chance(size_t n, size_t m, uint64_t distance);
/* The smallest distance whose probability is at most level; n m + 1 where there is none. */
uint64_t kolmogorov_limit(size_t n, size_t m, double level);
#endif
