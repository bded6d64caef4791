/* Fitting PatchCore. All patch vectors of the training images wait in an unlinked file; memory holds their
 * projections while the coreset is selected, or the disk where they are too many (base/scratch.h), and then the bank. */
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
    const float
        *scale; /* what each channel is multiplied by before all else, or NULL; copied into the model */
};

struct patchcore_fit;
/* For images of n patches of `channels`. products: multiplications that the threshold may take. */
struct patchcore_fit *patchcore_fit_new(size_t n, size_t channels, double products);
#define PATCHCORE_PRODUCTS 1e12
/* patch: n x channels padded to whole lanes (num/distance.h). */
void patchcore_fit_add(struct patchcore_fit *fit, const float *patch);
size_t patchcore_fit_images(const struct patchcore_fit *fit);

/* Selects the bank of an m that has none; at least one image must have been added. m->neighbours and m->squared stay as they
 * are. */
void patchcore_fit_bank(struct patchcore_fit *fit, struct patchcore *m, const struct patchcore_plan *plan);
/* Goes on from a bank that was read, of old_images, with the coverage and the projection of its fit and all else as in that
 * plan: of the vectors that were added, at least one image's, greedy k-centre takes the one farthest from the bank until none
 * is farther than m->coverage, and the bank is as large as that of a fit to all images. So no vector, old or new, is farther
 * from the bank than after the first fit; no bank whose coverage is below half of that has fewer vectors than this one had
 * when it reached it (start 1: these are m->coverage from each other, at least). */
void patchcore_fit_grow(struct patchcore_fit *fit, struct patchcore *m, const struct patchcore_plan *plan,
                        size_t old_images);
/* How many training images are scored for the threshold: of many only so many, evenly spaced, as `products` allow, and 50
 * at least. */
size_t patchcore_fit_left_out_images(const struct patchcore_fit *fit, const struct patchcore *m);
/* The n distances and the score of the i-th of them against the bank without its own vectors. Where the bank has
 * vectors of one image only, that one is scored against them, with a warning. */
double patchcore_fit_left_out(struct patchcore_fit *fit, const struct patchcore *m, size_t i,
                              float *distance);
void patchcore_fit_free(struct patchcore_fit *fit);
#endif
