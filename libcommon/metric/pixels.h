/* Pixel metrics of a whole test set: AUROC, F1-max and AUPRO, exact, over every distinct score.
 *
 * Each pixel is kept as 8 bytes, its score and the segment that it belongs to; sorting takes as much again.
 * All rows of a table (one a kind of defect, and all) share the one sorted order. struct pixels owns its
 * arrays. */
#ifndef METRIC_PIXELS_H
#define METRIC_PIXELS_H
#include "base/err.h"
#include "metric/curve.h"
#include "metric/ranking.h"
#include <stddef.h>
#include <stdint.h>

/* A connected region of a mask, or all pixels of one image that are free of defects. */
struct segment {
    uint32_t kind;   /* of the image's defect; 0: a good image */
    uint32_t pixels; /* how many */
    bool region;
};

struct pixels {
    uint64_t *item; /* sort key of the score << 32 | segment */
    size_t n, capacity;
    struct segment *segment;
    size_t segments, segment_capacity;
    uint32_t *label; /* workspace: the components of one mask */
    size_t label_capacity;
}; /* {0} is empty */

/* Adds one image. map: height x width finite scores; mask: the same, not 0 where defective. False when the
 * set grows beyond 2^32 pixels; dies when memory for it and for sorting it is not there. */
bool pixels_add(struct pixels *p, const float *map, const unsigned char *mask, size_t height, size_t width,
                uint32_t kind, struct err *e);
/* After the last image and before any measuring. */
void pixels_sort(struct pixels *p);
void pixels_free(struct pixels *p);

enum { KIND_GOOD = 0 };
#define KIND_ALL UINT32_MAX

struct pixel_metrics {
    struct ranking ranking;
    size_t regions;
    double aupro; /* NAN without a region, or without pixels free of defects */
};

/* Measures the images of one kind together with the good ones, or all images. Reads p only: rows may be
 * measured at the same time.
 *
 * AUPRO (Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 2021, section 5.2): PRO(t) is the mean
 * over all regions, 8-connected and of equal weight, of the part of the region that scores >= t; FPR(t) the
 * part of all defect-free pixels that does. PRO is integrated over FPR from 0 to `limit` (0 < limit <= 1) by
 * trapezoids between the points at all distinct scores, from (0, 0), interpolated linearly at the limit, and
 * divided by it.
 *
 * curve: NULL, or one from curve_new that gets the points. */
void pixels_measure(struct pixel_metrics *out, const struct pixels *p, uint32_t kind, double limit,
                    struct curve *curve);
/* Bytes that one pixels_measure takes. */
size_t pixels_measure_bytes(const struct pixels *p);
#endif
