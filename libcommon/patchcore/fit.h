/* Fitting PatchCore. All patch vectors of the training images wait in an unlinked file; memory holds their
 * projections while the coreset is selected, and then the bank. */
#ifndef PATCHCORE_FIT_H
#define PATCHCORE_FIT_H
#include "patchcore/patchcore.h"
#include "search/projection.h"

enum patchcore_start {
    PATCHCORE_START_ONE, /* a vector at random is the first of the coreset */
    PATCHCORE_START_TEN, /* none: each vector begins with its mean distance to ten at random (PatchCore's
                            authors) */
};
#define PATCHCORE_DIMS_AUTO ((size_t)-1) /* projection_dims */

struct patchcore_plan {
    double ratio; /* of the vectors that the bank keeps: int(n ratio), at least one */
    size_t dims;  /* of the projection; 0: none */
    enum projection_kind projection;
    enum patchcore_start start;
    uint64_t seed;
    bool half; /* the bank is rounded to f16 */
    double quantile;
};

struct patchcore_fit;
/* For images of height x width patches of `channels`. */
struct patchcore_fit *patchcore_fit_new(size_t height, size_t width, size_t channels);
/* patch: height x width x channels padded to whole lanes (num/distance.h). */
void patchcore_fit_add(struct patchcore_fit *fit, const float *patch);
size_t patchcore_fit_images(const struct patchcore_fit *fit);

/* Selects the bank; at least one image must have been added. m->rules stay as they are. */
void patchcore_fit_bank(struct patchcore_fit *fit, struct patchcore *m, const struct patchcore_plan *plan);
/* Scores the training images, each against the bank without its own vectors, for the threshold. Of many
 * images only so many, evenly spaced, that it takes about 10^12 multiplications, and 50 at least. Where the
 * bank has vectors of one image only, that one is scored against them, with a warning. */
struct calibration patchcore_fit_calibrate(struct patchcore_fit *fit, const struct patchcore *m,
                                           struct map_size size, double quantile);
void patchcore_fit_free(struct patchcore_fit *fit);
#endif
