/* What pixel_summary.c counts and pixel_figures.c sums. */
#ifndef METRIC_PIXEL_SUMMARY_PARTS_H
#define METRIC_PIXEL_SUMMARY_PARTS_H
#include "metric/pixel_summary.h"

/* An image's pixels by level, highest scores first. */
struct level_counts {
    float sound[SUMMARY_LEVELS];  /* free of defects */
    float region[SUMMARY_LEVELS]; /* defective */
    float overlap
        [SUMMARY_LEVELS]; /* each as the part of its region that it is: the sum is the number of regions */
};

struct summary_work;
struct pixel_summary {
    size_t images;
    unsigned char *defective;
    uint32_t *regions;
    struct level_counts **counts; /* of each image; NULL before pixel_summary_end */
    struct summary_work *work;    /* NULL after it */
};
#endif
