/* How far figures of a test set may be from those of another such set: the bootstrap over images (Efron and Tibshirani, "An
 * Introduction to the Bootstrap", 1993, chapters 13 and 16). A round draws as many good images from the good ones, and as many
 * defective from the defective, with repetition, and measures those; the interval holds the middle `confidence` of the rounds'
 * figures (percentiles, linear between order statistics).
 *
 * Draws are by (seed, round) alone: the same bits for any number of threads, and figures of one set that are asked for one
 * after the other see the same rounds. Rounds run on the pool. A figure that a round can't tell (NAN: no region in it) is left
 * out of the percentiles; where no round can, bounds are NAN, and so they are where a class has no image. Of a class with one
 * image, or with equal scores, the rounds don't vary, and the interval says nothing. */
#ifndef METRIC_BOOTSTRAP_H
#define METRIC_BOOTSTRAP_H
#include "metric/interval.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bootstrap {
    size_t rounds;     /* 1 or more; 1,000 is usual */
    double confidence; /* .95 */
    uint64_t seed;
};

/* A test set; the arrays are the caller's. Higher scores are worse; none is NAN. */
struct bootstrap_images {
    const double *score;
    const unsigned char *defective; /* not 0 where defective */
    size_t n;
};

struct interval bootstrap_auroc(const struct bootstrap_images *images, const struct bootstrap *b);
/* Of AUROC by `score` less that by `other`, two detectors' scores of the same images: each round draws the same images for
 * both, so that what is hard for both cancels. */
struct interval bootstrap_difference(const struct bootstrap_images *images, const double *other,
                                     const struct bootstrap *b);

/* A curve with its pointwise band; the arrays are one block: bootstrap_band_free. */
struct bootstrap_band {
    size_t points;
    double *x;      /* equally far apart, both ends among them */
    double *middle; /* the curve of the images themselves */
    double *low, *high;
};
/* ROC: x is the part of good images at or above a threshold, 0 to 1, the curve that of defective images: linear between the
 * points at distinct scores, the upper end where it is vertical. points: 2 or more. */
struct bootstrap_band bootstrap_roc(const struct bootstrap_images *images, size_t points,
                                    const struct bootstrap *b);
/* Precision over recall: x is recall, 0 to 1, the curve the precision at the highest threshold that reaches it and finds
 * anything. */
struct bootstrap_band bootstrap_pr(const struct bootstrap_images *images, size_t points,
                                   const struct bootstrap *b);
void bootstrap_band_free(struct bootstrap_band *band);

/* The machine below them, for other figures of images (metric/pixel_summary.h). */

/* How often the round draws each of the images; times: n. */
void bootstrap_draw(uint32_t *times, const unsigned char *defective, size_t n, uint64_t seed, size_t round);
/* Measures a set that has image i times[i] times: figures of it into out. */
typedef void bootstrap_measure(double *out, const uint32_t *times, const void *of);
/* Bounds of each of `figures`. */
void bootstrap_run(struct interval *bounds, size_t figures, const unsigned char *defective, size_t n,
                   const struct bootstrap *b, bootstrap_measure *measure, const void *of);
/* A band over x from 0 to `last`; measure gives `points` figures. */
struct bootstrap_band bootstrap_band_run(size_t points, double last, const unsigned char *defective, size_t n,
                                         const struct bootstrap *b, bootstrap_measure *measure,
                                         const void *of);
#endif
