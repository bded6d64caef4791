/* Figures over the number of training images: a table with the columns images, seed, image_auroc, pixel_auroc, aupro, one row
 * a fit; "-" where a figure is not defined. */
#ifndef REPORT_LEARNING_H
#define REPORT_LEARNING_H
#include <stddef.h>

enum { LEARNING_FIGURES = 3 }; /* in the order of the columns */

/* All fits with so many images. NAN where undefined. */
struct learning_point {
    double images;
    size_t fits;
    double mean[LEARNING_FIGURES], low[LEARNING_FIGURES],
        high[LEARNING_FIGURES]; /* the least and the largest */
};
struct learning {
    struct learning_point *point; /* images ascending */
    size_t n;
};

/* Dies with path when it is no such table. */
struct learning learning_read(const char *path);
/* What the last doubling of the images gained in image AUROC: the last point's less that of the largest number that is at most
 * half of it. NAN where there are not two such points. */
double learning_gain(const struct learning *l);
void learning_free(struct learning *l);
#endif
