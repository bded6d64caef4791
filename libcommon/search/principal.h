/* Directions of the largest variance in a sample of vectors (principal components), by subspace iteration. */
#ifndef SEARCH_PRINCIPAL_H
#define SEARCH_PRINCIPAL_H
#include <stddef.h>

/* mean: dims, basis: k x dims, of at most 1024 of the n vectors x (n x dims), evenly spaced. The basis is
 * orthonormal to 1e-12, or has rows of zeros where the sample has no more directions; how well it fits is not
 * promised. */
void principal_directions(double *mean, double *basis, size_t k, const float *x, size_t n, size_t dims);
#endif
