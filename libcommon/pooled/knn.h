/* k nearest neighbours of whole images: DN2, and the score of PANDA (Reiss et al., "PANDA: Adapting Pretrained Features for Anomaly
 * Detection and Segmentation", CVPR 2021; methods 9): the sum of the squared Euclidean distances to the k nearest training vectors. */
#ifndef POOLED_KNN_H
#define POOLED_KNN_H
#include "method/detector.h"

enum { KNN_NEIGHBOURS_MAX = 1000 };

/* The sum of the k least of n distances, added from the least on; the one at `without` is left out (SIZE_MAX: none). k is at most the
 * number of those that stay. */
double knn_sum(const float *squared, size_t n, size_t k, size_t without);

extern const struct detector knn_detector;
#endif
