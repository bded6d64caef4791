/* The threshold and the colour scale of a model, found on normal images: their scores as the model would give them had it not seen
 * them, by leaving each out or by holding some back (detector.h). */
#ifndef METHOD_CALIBRATION_H
#define METHOD_CALIBRATION_H
#include "method/normal_scores.h"
#include "stream/note.h"
#include <stdbool.h>
#include <stddef.h>

struct calibration {
    float threshold;             /* for image scores: a defect is at it or above */
    bool maps;                   /* the method gives maps; else what follows is nothing */
    float pixel_threshold;       /* for maps */
    float low, high;             /* of the colour scale: pixel_threshold is its middle */
    struct normal_scores scores; /* what the threshold was found on */
};

struct normals;
struct normals *normals_new(void);
/* map: n values, the same n for all images; n = 0: the method gives none. Dies when a value is not finite. */
void normals_add(struct normals *s, double score, const float *map, size_t n);
/* threshold: the quantile (linear between order statistics) of the scores; pixel_threshold: the same quantile of the maps' maxima,
 * so that a normal image has a pixel above it as rarely as its score is above the threshold; low: the mean of all map values. At
 * least one image must have been added. Frees s. */
struct calibration normals_calibrate(struct normals *s, double quantile);
#define NORMALS_QUANTILE 0.995

/* Sets threshold=, pixel_threshold= and scale= where there are maps, and scores= where they are known. */
void calibration_note(struct note *note, const struct calibration *c);

/* Warns of thresholds of 0, which every image reaches; `model` is what messages call the model. */
void calibration_doubt(const struct calibration *c, const char *model);
#endif
