/* Covariance of few vectors of many dimensions, made invertible by moving it towards a multiple of the identity (Ledoit and Wolf, "A
 * well-conditioned estimator for large-dimensional covariance matrices", Journal of Multivariate Analysis 88, 2004). */
#ifndef NUM_SHRINKAGE_H
#define NUM_SHRINKAGE_H
#include <stddef.h>

/* s = X^T X / n, d x d, whole; x: n x d, already centred. Runs on the pool. */
void covariance(double *s, const double *x, size_t n, size_t d);
/* trace(S) / d: the multiple of the identity. */
double covariance_scale(const double *s, size_t d);
/* The share of the identity in (1 - share) S + share * scale * I that is closest to the true covariance in the expected Frobenius norm,
 * 0 to 1; 0 where S is a multiple of the identity. As scikit-learn's ledoit_wolf_shrinkage. */
double shrinkage_ledoit_wolf(const double *s, const double *x, size_t n, size_t d);
#endif
