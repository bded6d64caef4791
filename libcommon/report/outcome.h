/* What one run of a detector gave on the test images: its map stream, read once, and the figures that follow.
 *
 * A run's way: outcome_read goes through the stream, image by image, keeps scores, hands maps and masks to the evaluation
 * (metric/evaluation.h) and to the pixel summary, and each image to whoever draws it; then it measures. All runs of a report are
 * of the same images in the same order. */
#ifndef REPORT_OUTCOME_H
#define REPORT_OUTCOME_H
#include "metric/evaluation.h"
#include "metric/pixel_summary.h"
#include "report/rule.h"
#include "stream/image.h"
#include "stream/npys.h"

/* AUPRO up to this false positive rate; points of curves kept, about. */
#define OUTCOME_FPR_LIMIT 0.3
enum { OUTCOME_CURVE_POINTS = 200 };

struct outcome {
    const char *name;                  /* the caller's */
    struct note opening;               /* of the stream: by=, weights=, layers=, threshold= ... */
    double threshold, pixel_threshold; /* pixel_threshold: NAN without maps */
    size_t images;
    char **image_name, **kind; /* "" where the stream has none; kind is "good" of good images */
    double *score;
    unsigned char *defective;
    struct counts counts; /* at the threshold */
    struct evaluation evaluation;
    struct evaluation_row *row; /* a kind each, "all" last */
    size_t rows;
    struct pixel_summary *pixels; /* NULL without maps and masks */
};

/* An image of the run as it goes by. */
struct outcome_record {
    const struct npys_reader *reader; /* for messages */
    const struct note *note;
    const float *map; /* height x width, finite; NULL: the method gives none */
    size_t width, height;
    const struct image *mask; /* NULL: there are none */
};
/* Who is told of each, in order. */
struct outcome_watcher {
    void (*see)(void *watcher, const struct outcome_record *record);
    void *watcher;
};

/* Reads and measures. masks: NULL, or the path of an image stream. watcher: NULL, or who wants to see. Dies with the stream's
 * name on anything that is no map stream with labels, scores and a threshold. */
void outcome_read(struct outcome *o, const char *name, const char *path, const char *masks,
                  const struct outcome_watcher *watcher);
/* Dies when the two are not of the same images, of the same kinds, in the same order. So rows of the same number are of the same
 * kind. */
void outcome_compare(const struct outcome *a, const struct outcome *b);
/* The row of all images; its image AUROC. */
const struct evaluation_row *outcome_all(const struct outcome *o);
double outcome_auroc(const struct outcome *o);
/* Of one kind: how many images, and how many of them reach the threshold. */
struct counts outcome_kind(const struct outcome *o, const char *kind);
void outcome_free(struct outcome *o);
#endif
