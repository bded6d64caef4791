/* The threshold and the colour scale of a model, found on normal images: their scores as the model would give them had it not
 * seen them, by leaving each out or by holding some back (detector.h). */
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
/* What a fit that goes on needs of the scores so far, more than scores= has: left_out_scores= and left_out_peaks= (of the maps)
 * in meta, lists of NORMALS_KEPT at most (score_list.h). */
enum { NORMALS_KEPT = 4096 };
void normals_keep(const struct normals *s, struct note *meta);
/* To the scores of new images, as a model that goes on from another would give them had it not seen them, adds those that the
 * other keeps, of images that are no longer there. These would be lower now, as more images mean a closer model: `unseen` has
 * the new images' scores by the other, and by the part that their median went down, at most 1, the old scores are multiplied;
 * peaks and the mean of the maps by their own. Dies with path where the model keeps none. c: the other's. */
void normals_recall(struct normals *s, const struct note *meta, const char *path, const struct calibration *c,
                    const struct normals *unseen);
/* Adds the scores that a model keeps as they are: of its images, by what it alone knows (--merge). Dies with path where it keeps
 * none. c: the model's. */
void normals_join(struct normals *s, const struct note *meta, const char *path, const struct calibration *c);
void normals_free(struct normals *s);
/* threshold: the quantile (linear between order statistics) of the scores; pixel_threshold: the same quantile of the maps'
 * maxima, so that a normal image has a pixel above it as rarely as its score is above the threshold; low: the mean of all map
 * values. At least one image must have been added. Frees s. */
struct calibration normals_calibrate(struct normals *s, double quantile);
#define NORMALS_QUANTILE 0.995

/* Sets threshold=, pixel_threshold= and scale= where there are maps, and scores= where they are known. */
void calibration_note(struct note *note, const struct calibration *c);

/* Warns of thresholds of 0, which every image reaches; `model` is what messages call the model. */
void calibration_doubt(const struct calibration *c, const char *model);
#endif
