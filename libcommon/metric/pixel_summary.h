/* Pixel figures of a test set from a summary of each image, so that the bootstrap can draw images a thousand times: 1,000
 * images of 256 x 256 in tens of megabytes, where the exact figures (metric/pixels.h) sort every pixel.
 *
 *     pixel_summary_add    an image: how many pixels it has of each score, a score's mantissa being cut to 11 bits (to
 *                          1/2048 of itself)
 *     pixel_summary_end    cuts all scores into SUMMARY_LEVELS levels, such that each holds as much of the defect-free pixels
 *                          and of the regions together, and counts each image by level
 *     the rest             sums of the images' counts
 *
 * Figures are those of metric/pixels.h, all scores of a level being tied. The points between levels are exact points of the
 * curves, so an area is wrong by half of what ties can hold, at most: struct pixel_figures says how much that is here. It is
 * mostly far less, as ties are as often right as wrong: 2e-6 of AUROC and 1.3e-5 of AUPRO for PatchCore's and PaDiM's maps of
 * MVTec AD's bottle and screw, where the bounds are 2e-4 and 8e-4. */
#ifndef METRIC_PIXEL_SUMMARY_H
#define METRIC_PIXEL_SUMMARY_H
#include "metric/bootstrap.h"

enum { SUMMARY_LEVELS = 512 };

struct pixel_summary;
struct pixel_summary *pixel_summary_new(void);
/* map: height x width finite scores; mask: the same, not 0 where defective. `defective`: the class that rounds draw the image
 * in, also where its mask is empty. */
void pixel_summary_add(struct pixel_summary *s, const float *map, const unsigned char *mask, size_t height,
                       size_t width, bool defective);
/* After the last image and before any measuring. */
void pixel_summary_end(struct pixel_summary *s);
void pixel_summary_free(struct pixel_summary *s);

/* Of the images as they are. NAN without a region or without a defect-free pixel. limit: of FPR, as in pixels_measure. */
struct pixel_figures {
    double auroc, aupro;
    double auroc_error, aupro_error; /* the exact figures are at most that far */
};
struct pixel_figures pixel_summary_figures(const struct pixel_summary *s, double limit);

struct interval pixel_summary_auroc(const struct pixel_summary *s, const struct bootstrap *b);
struct interval pixel_summary_aupro(const struct pixel_summary *s, double limit, const struct bootstrap *b);
/* The mean overlap over FPR from 0 to limit. points: 2 or more. */
struct bootstrap_band pixel_summary_pro(const struct pixel_summary *s, double limit, size_t points,
                                        const struct bootstrap *b);
#endif
