/* The numerics of fit.h: one cell of the coarsest level with all that lies under it.
 *
 * Matrices are row-major f64. The *subtree* of a cell has as columns the own channels of the cell and of all
 * cells below it, in the order of the descent; what a cell and those below share is computed once, for all
 * columns together. */
#ifndef PADIM_CELL_H
#define PADIM_CELL_H
#include "padim/padim.h"

/* A thread's matrices; the fit owns them. n: rows of features, images and what stands for others. */
struct padim_work {
    double *x;    /* n x width: centred features of the subtree */
    double *u;    /* packed: channels x width, rows of the factor; low rank: n x n */
    double *z;    /* packed: channels x n, the features solved against u; low rank: n x n */
    double *q;    /* packed: levels x n, |z|^2 of each image down to a level */
    double *gram; /* low rank: levels x n x n, X X^T down to a level */
    double *path; /* low rank: n x channels, centred features of the position */
    double *w;    /* low rank: n x channels */
    double *old;  /* packed, going on from a model: its factor, laid out as u, 0 below the diagonal */
};

struct padim_task {
    struct padim *model;     /* mean, factor or basis are written */
    float *left_out;         /* images x height x width, or NULL */
    const struct padim *old; /* packed, or NULL: a model of other images, whose scatter joins that of these */
    size_t images;           /* in the bands */
    size_t n;     /* rows of x: images, and with `old` one more, how far its mean is from the new one */
    size_t total; /* images of the model that is made */
    size_t width; /* columns of the widest subtree */
    float *band[PADIM_TAPS_MAX];  /* per level: n x rows of the band x columns x channels */
    size_t low[PADIM_TAPS_MAX];   /* the band's first row, */
    size_t count[PADIM_TAPS_MAX]; /* and how many it has */
};

size_t padim_widest_subtree(const struct padim_grid *grid);
/* Doubles of a padim_work. SIZE_MAX on overflow. */
size_t padim_work_size(const struct padim_task *task);
/* Lays a padim_work out in that much memory. */
struct padim_work padim_work_at(double *memory, const struct padim_task *task);
/* False when a covariance is not positive definite. */
bool padim_fit_cell(const struct padim_task *task, struct padim_work *work, size_t row, size_t column);
#endif
