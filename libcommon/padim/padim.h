/* PaDiM: a Gaussian of the features at every position (Defard et al., "PaDiM: a Patch Distribution Modeling
 * Framework for Anomaly Detection and Localization", ICPR 2020). The covariance is the sample covariance
 * (N - 1) plus ridge * I; the distance is Mahalanobis'.
 *
 * Two forms, the smaller of which a fit keeps:
 *   packed   L with L L^T = covariance, shared by level (grid.h): a cell holds the rows of its own
 *            channels. |z| with L z = y is the distance.
 *   low rank W (N x channels) a position, W = U^-T X with U^T U = ridge (N - 1) I + X X^T and X the centred
 *            training features (Woodbury): distance^2 = (|y|^2 - |W y|^2) / ridge.
 * Both are stored in f32, computed and applied in f64. The difference of the low-rank form costs digits where
 * the distance is small beside |y| / sqrt(ridge): only images of the fit itself come there. */
#ifndef PADIM_PADIM_H
#define PADIM_PADIM_H
#include "padim/grid.h"
#include "stream/safetensors.h"

enum { PADIM_IMAGES_MIN = 3, PADIM_IMAGES_MAX = 1 << 24 };

enum padim_form { PADIM_AUTO, PADIM_PACKED, PADIM_LOW_RANK };

struct padim {
    struct padim_grid grid;
    size_t images; /* of the fit */
    double ridge;
    enum padim_form form;          /* never PADIM_AUTO */
    float *mean;                   /* grid.values */
    float *factor[PADIM_TAPS_MAX]; /* packed: per level, rows x columns x padim_cell_size */
    float *basis;                  /* low rank: height x width x images x channels */
    bool borrowed;                 /* mean, factor and basis are someone else's */
};

/* Floats of one cell's rows: own channels' rows of the packed triangle. */
size_t padim_cell_size(const struct padim_level *level);
/* Floats of factors or basis in a form (not PADIM_AUTO); SIZE_MAX where that overflows. */
size_t padim_size(const struct padim_grid *grid, size_t images, enum padim_form form);
/* Whichever is smaller; packed on a tie. */
enum padim_form padim_choose(const struct padim_grid *grid, size_t images);
void padim_free(struct padim *model);

/* Mahalanobis distances of one image: map: height x width; values as padim_values gave them. Runs on the
 * pool. */
void padim_distances(float *map, const struct padim *model, const float *values);

/* Puts the arrays into a file's tensors; they are then the file's, and the model borrows them. */
void padim_save(struct safetensors *st, struct padim *model);
/* A model whose arrays lie in st, which must stay. False with a reason when anything is missing or of another
 * shape. */
bool padim_load(struct padim *model, const struct safetensors *st, struct err *e);
#endif
