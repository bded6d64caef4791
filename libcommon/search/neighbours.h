/* Exact nearest neighbours in a memory bank, by squared Euclidean distance in the direct form
 * (num/distance.h), ties to the lowest index: the result of brute force bit for bit, whatever the CPU, the
 * threads or the batch.
 *
 * Whole regions of the bank are excluded by boxes (search/regions.h), of the others most vectors by sketches (search/sketch.h); only
 * what is left is measured directly, some of 10,000. Vectors have dims elements, a multiple of
 * DISTANCE_LANES (pad with zeros). */
#ifndef SEARCH_NEIGHBOURS_H
#define SEARCH_NEIGHBOURS_H
#include <stddef.h>
#include <stdint.h>

/* owner: the training image of each bank vector, or NULL. Both arrays stay the caller's and must outlive the
 * index; n below 2^32, values finite. The bank may lie on a disk (base/scratch.h): the index takes 80
 * bytes of memory for each of its vectors, and while it is made 160. */
struct neighbours;
struct neighbours *neighbours_new(const float *bank, const uint32_t *owner, size_t n, size_t dims);
void neighbours_free(struct neighbours *nb);

/* No image: nothing is left out. */
#define NEIGHBOURS_ALL UINT32_MAX

/* The nearest bank vector of each query, on the pool. index, squared: count of them. query: count x dims.
 * Bank vectors of the image `without` are left out; where no other is left, squared is INFINITY and index 0. */
void neighbours_nearest(const struct neighbours *nb, uint32_t *index, float *squared, const float *query,
                        size_t count, uint32_t without);
/* The k nearest of one query, ascending. Returns how many there are: less than k only in a smaller bank. */
size_t neighbours_list(const struct neighbours *nb, uint32_t *index, float *squared, const float *query,
                       size_t k, uint32_t without);

/* Brute force; for tests. */
void neighbours_nearest_naive(const struct neighbours *nb, uint32_t *index, float *squared,
                              const float *query, size_t count, uint32_t without);
#endif
