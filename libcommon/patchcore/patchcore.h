/* PatchCore (Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022; methods 3): a
 * memory bank of patch vectors of normal images; an image's patches are as anomalous as they are far from the
 * bank. */
#ifndef PATCHCORE_PATCHCORE_H
#define PATCHCORE_PATCHCORE_H
#include "base/scratch.h"
#include "search/neighbours.h"
#include "stream/safetensors.h"
#include <stdbool.h>

enum { PATCHCORE_NEIGHBOURS_MAX = 1000 };

struct patchcore {
    size_t neighbours; /* 1: the image's score is its largest patch distance; more: re-weighted by so many */
    bool squared;      /* patch scores are squared distances */
    size_t n, channels, dims; /* dims: channels padded to whole lanes of num/distance.h */
    float *bank;              /* n x dims, scaled, in `store`: it may lie on a disk */
    float *scale;             /* what each channel is multiplied by; NULL: nothing */
    uint32_t *owner;          /* n, the training image of each vector; NULL in a model that was read */
    struct neighbours *index;
    struct scratch store, written; /* written: the bank as patchcore_save lends it to a file */
    /* No vector of the fit is farther than `coverage` from its nearest in the bank, by the projection that selected them, to
     * `projected` dimensions; 0: none. Of the fit: patchcore_load leaves them. */
    double coverage;
    size_t projected;
    size_t positions; /* patches of an image */
};
void patchcore_free(struct patchcore *m);

/* From now on `store`, which m frees, holds the bank: n vectors. The index of the one before goes. */
void patchcore_hold(struct patchcore *m, struct scratch store, size_t n);

/* Multiplies n vectors, m->dims apart, by the scale, where there is one: what is compared with the bank. */
void patchcore_scale(const struct patchcore *m, float *patch, size_t n);

/* Scores an image, whose patches are scaled. distance: n patch scores; patch: n x m->dims. Bank vectors of the training image
 * `without` are left out (NEIGHBOURS_ALL: none). The score is not finite when the patches are absurd or no other image is in
 * the bank. Runs on the pool.
 *
 * With K neighbours (eq. 7 of the paper, as Anomalib has it): p is the patch with the largest score s, m* its
 * nearest bank vector, d_i the distances of p to the K bank vectors nearest to m*, itself the first; the
 * score is (1 - softmax(d)_1) s. */
double patchcore_score(const struct patchcore *m, float *distance, const float *patch, size_t n,
                       uint32_t without);

/* n numbers to what half precision keeps of them. */
void patchcore_round(float *x, size_t n);
/* Bank and scale into a model file, the bank as f16 where half: dies when a value doesn't fit. st is good for as long as m. */
void patchcore_save(struct safetensors *st, struct patchcore *m, bool half);
/* They come out of it, or it dies with path; patchcore_load makes the index as well, for scoring. */
void patchcore_read(struct patchcore *m, const struct safetensors *st, const char *path);
void patchcore_load(struct patchcore *m, const struct safetensors *st, const char *path);
#endif
