/* A test set with its scores, and the table of metrics over it: one row a kind of defect (its images against
 * all good ones), last one for all.
 *
 * Rows and figures do not depend on the order of the images or on the number of threads. struct evaluation
 * owns what it holds. */
#ifndef METRIC_EVALUATION_H
#define METRIC_EVALUATION_H
#include "base/raster.h"
#include "base/tensor.h"
#include "metric/curve.h"
#include "metric/pixels.h"
#include "metric/ranking.h"

struct scored {
    double score;
    uint32_t kind;
};

struct evaluation {
    char **kind; /* names, kind[KIND_GOOD] among them */
    size_t kinds, kind_capacity;
    struct scored *image;
    size_t images, image_capacity;
    struct pixels pixels;
    bool mask_empty;          /* the mask added last */
    const float *score;       /* of the pixels of the map added last: its own, where it is f32 */
    unsigned char *defective; /* and whether they are; with a mask */
    float *converted;         /* workspace: a map that is not f32 */
    size_t workspace, room;   /* pixels that defective and converted have room for */
};                            /* {0} is empty; or with pixels.memory */

/* Adds an image by the texts of its note or table: label is "0" (good) or "1", score a finite number. defect
 * names its kind; of a good image it is ignored, of a defective one without it is "defect". False with a
 * reason. */
bool evaluation_add(struct evaluation *ev, const char *label, const char *defect, const char *score,
                    struct err *e);

/* The anomaly map of the image added last: f32 or f16, H x W, finite; checked. With a mask (H x W, samples
 * > 0 in any colour are defect, alpha is ignored) its pixels join the pixel metrics. False with a reason;
 * also when a good image's mask is not empty. */
bool evaluation_add_map(struct evaluation *ev, const struct tensor *map, const struct raster *mask,
                        struct err *e);
/* Whether the mask added last was without a defect. */
bool evaluation_mask_empty(const struct evaluation *ev);

struct evaluation_row {
    const char *defect; /* the kind or "all"; the evaluation's */
    uint32_t kind;
    size_t images; /* the good ones included */
    struct ranking image;
    struct pixel_metrics pixel; /* all undefined where no masks were added */
    struct curve image_curve, pixel_curve;
};

/* Sorts the pixels (ev takes no more images) and measures: *n rows, sorted by name, "all" last. limit: of FPR
 * for AUPRO. curves: keep the points of curves, about `points` of each (0: all). */
struct evaluation_row *evaluation_measure(struct evaluation *ev, double limit, bool curves, size_t points,
                                          size_t *n);
void evaluation_rows_free(struct evaluation_row *row, size_t n);
void evaluation_free(struct evaluation *ev);
#endif
