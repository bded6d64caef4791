/* ROC and PRO curves, thinned. */
#ifndef METRIC_CURVE_H
#define METRIC_CURVE_H
#include <stddef.h>

struct curve_point {
    double threshold; /* "score >= threshold" is positive; infinity at the start */
    double fpr, tpr;
    double pro; /* mean overlap with the regions; 0 where there are none */
};

struct curve {
    struct curve_point *point; /* from (0, 0) to (1, 1); curve_free */
    size_t n, capacity;
    double step; /* the least way along all axes together from one kept point to the next */
    struct curve_point last;
};

/* An empty curve that will keep about `points` points besides the ends, always true ones at distinct scores;
 * 0: all. */
struct curve curve_new(size_t points);
/* The next point, thresholds descending. */
void curve_add(struct curve *c, struct curve_point p);
/* Keeps the last one. */
void curve_end(struct curve *c);
void curve_free(struct curve *c);
#endif
