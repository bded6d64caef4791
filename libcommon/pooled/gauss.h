/* A Gaussian of whole images: mean and covariance of one vector an image, Mahalanobis distances (methods 10: the density that CutPaste
 * scores with; Rippel et al., "Modeling the Distribution of Normal Data in Pre-Trained Deep Features", ICPR 2020). The covariance is
 * moved towards a multiple of the identity (num/shrinkage.h), as there are fewer images than dimensions. */
#ifndef POOLED_GAUSS_H
#define POOLED_GAUSS_H
#include "method/detector.h"

struct gauss {
    size_t n, d; /* training images, dimensions */
    double shrinkage;
    double *mean;  /* d */
    float *factor; /* packed lower triangle L, L L^T the covariance (num/cholesky.h) */
    float *others; /* the like, common to the covariances without one image; NULL without left_out */
};

/* Fits to the n rows of x, `row` floats apart. shrinkage: the share of the identity, 0 to 1; below 0: Ledoit and Wolf's. left_out: n
 * distances, each of an image to the Gaussian of the others, with the shrinkage and the identity's multiple of all; or NULL. False when
 * the covariance, or that of all but one, can't be inverted. Runs on the pool. */
bool gauss_fit(struct gauss *g, double *left_out, const float *x, size_t row, size_t n, size_t d,
               double shrinkage);
/* The Mahalanobis distance of x. work: d doubles. */
double gauss_distance(const struct gauss *g, const float *x, double *work);
/* The same, and its gradient by x: d doubles, all 0 at the mean, where it has none. */
double gauss_gradient(const struct gauss *g, const float *x, double *gradient);
/* Of training image x to the Gaussian of the others, which gauss_fit's left_out has found to have an inverse. */
double gauss_gradient_left_out(const struct gauss *g, const float *x, double *gradient);
void gauss_free(struct gauss *g);

extern const struct detector gauss_detector;
#endif
