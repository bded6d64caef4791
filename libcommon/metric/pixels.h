/* Pixel metrics of a whole test set: AUROC, F1-max and AUPRO, exact, over every distinct score, in memory that does not grow with
 * the set.
 *
 *     pixels_add        an image's pixels, 8 bytes each: the key of the score, and the region or the kind of image
 *     spill             where there is no room for more: they are sorted, and wait on a spool (pixel_run.h)
 *     pixels_sort       the last ones; runs that are too many to be read together are merged to fewer
 *     pixels_measure    all in the order of their scores, once (pixel_order.h), for all rows of a table
 *
 * Figures are the same bits however much memory there is. What grows: a region takes 8 bytes, 72 while it is measured. struct
 * pixels owns what it holds. */
#ifndef METRIC_PIXELS_H
#define METRIC_PIXELS_H
#include "base/err.h"
#include "metric/curve.h"
#include "metric/pixel_run.h"
#include "metric/ranking.h"
#include <stddef.h>
#include <stdint.h>

/* A connected region of a mask. */
struct pixel_region {
    uint32_t kind;   /* of the image's defect */
    uint32_t pixels; /* how many */
};

struct pixels {
    size_t memory;  /* bytes to take, as near as PIXELS_MEMORY_LEAST allows; 0: PIXELS_MEMORY */
    uint64_t *item; /* pixel_run.h; those that don't wait on the spool */
    uint64_t *scratch;
    size_t n, capacity;
    uint64_t all; /* pixels added */
    struct pixel_spools spools;
    struct pixel_run *run; /* on them */
    size_t runs, run_capacity;
    struct pixel_region *region;
    size_t regions, region_capacity;
    uint64_t *sound; /* pixels free of defects, of images of each kind */
    size_t kinds;    /* of images added: the largest + 1 */
    uint32_t *label; /* workspace: the components of one mask */
    size_t label_capacity;
}; /* {0} is empty, or {.memory = M} */

#define PIXELS_MEMORY ((size_t)1 << 30)
#define PIXELS_MEMORY_LEAST ((size_t)1 << 20)

/* Adds one image. map: height x width finite scores; mask: the same, not 0 where defective. False when there are more than 2^31
 * regions or 2^48 pixels in all; dies when memory is not there, or the spool can't grow. *regions: of this mask. */
bool pixels_add(struct pixels *p, const float *map, const unsigned char *mask, size_t height, size_t width,
                uint32_t kind, size_t *regions, struct err *e);
/* After the last image and before any measuring. */
void pixels_sort(struct pixels *p);
/* Bytes that wait on the spools. */
uint64_t pixels_waiting(const struct pixels *p);
void pixels_free(struct pixels *p);

enum { KIND_GOOD = 0 };
#define KIND_ALL UINT32_MAX

struct pixel_metrics {
    struct ranking ranking;
    size_t regions;
    double aupro; /* NAN without a region, or without pixels free of defects */
};

/* A row of a table: the images of one kind together with the good ones, or all images. */
struct pixel_row {
    uint32_t kind; /* each once at most */
    struct pixel_metrics metrics;
    struct curve *curve; /* NULL, or one from curve_new that gets the points */
};

/* Measures all rows. May be called again.
 *
 * AUPRO (Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 2021, section 5.2): PRO(t) is the mean
 * over all regions, 8-connected and of equal weight, of the part of the region that scores >= t; FPR(t) the
 * part of all defect-free pixels that does. PRO is integrated over FPR from 0 to `limit` (0 < limit <= 1) by
 * trapezoids between the points at all distinct scores, from (0, 0), interpolated linearly at the limit, and
 * divided by it. */
void pixels_measure(const struct pixels *p, struct pixel_row *row, size_t rows, double limit);
#endif
