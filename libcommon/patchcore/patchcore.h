/* PatchCore (Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022; methods 3): a
 * memory bank of patch vectors of normal images; an image's patches are as anomalous as they are far from the
 * bank. */
#ifndef PATCHCORE_PATCHCORE_H
#define PATCHCORE_PATCHCORE_H
#include "image/map.h"
#include "patchcore/patches.h"
#include "search/neighbours.h"
#include "method/scoring.h"
#include <stdbool.h>

/* What scoring depends on beside the bank. */
struct patchcore_rules {
    enum patch_rule patches;
    size_t neighbours; /* 1: the image's score is its largest patch distance; more: re-weighted by so many */
    bool squared;      /* patch scores are squared distances */
    enum map_rule upsample; /* MAP_HALF_PIXEL or MAP_NEAREST */
    enum map_border border; /* of the blur */
};
enum { PATCHCORE_NEIGHBOURS_MAX = 1000 };

struct patchcore {
    struct patchcore_rules rules;
    size_t n, channels, dims; /* dims: channels padded to whole lanes of num/distance.h */
    float *bank;              /* n x dims */
    uint32_t *owner;          /* n, the training image of each vector; NULL in a model that was read */
    struct neighbours *index;
};
void patchcore_free(struct patchcore *m);

/* Scores an image. map: size.height x size.width; patch: height x width x m->dims. Bank vectors of the
 * training image `without` are left out (NEIGHBOURS_ALL: none). The score is not finite when the patches are
 * absurd or no other image is in the bank. Runs on the pool.
 *
 * With K neighbours (eq. 7 of the paper, as Anomalib has it): p is the patch with the largest score s, m* its
 * nearest bank vector, d_i the distances of p to the K bank vectors nearest to m*, itself the first; the
 * score is (1 - softmax(d)_1) s. */
double patchcore_score(const struct patchcore *m, float *map, struct map_size size, const float *patch,
                       size_t height, size_t width, uint32_t without);

/* The bank (f16 where half) and the rules into a model file. Dies when a value doesn't fit an f16. */
void patchcore_save(struct safetensors *st, const struct patchcore *m, bool half);
/* Or dies with path. */
void patchcore_load(struct patchcore *m, const struct safetensors *st, const char *path);

/* Copies n rows, from `from` elements each to `to`, zeros behind. */
void patchcore_pad(float *out, size_t to, const float *in, size_t from, size_t n);

/* Names for options and metadata, ended by NULL, in the order of their enums (squared: euclidean, squared).
 */
extern const char *const patchcore_patches[], *const patchcore_distances[], *const patchcore_borders[];
extern const char *const patchcore_upsamples[]; /* bilinear, nearest */
#endif
