/* PaDiM's embedding, laid out by what positions share.
 *
 * The method replicates coarse taps to the finest tap's grid and concatenates the channels (Defard et al.,
 * "PaDiM", ICPR 2020, section III-A): every position under one coarse cell has the same coarse channels, so
 * their means, covariances and the first rows of their Cholesky factors are the same too. With channels
 * ordered from coarse to fine, a *level* holds the chosen channels of the taps of one grid; its cells tile
 * those of the level before, and the last level's cells are the positions. For layers 1-3 of a ResNet: levels
 * of 16x16, 32x32 and 64x64 cells, and a model of 0.39 times the size of one triangle a position.
 *
 * Replication is "nearest", source = floor(i * in / out), for any sizes; where grids are not multiples of
 * each other, a cell is a largest run of positions that agree in this and all coarser taps.
 *
 * *Values* of an image: level after level, each rows x columns x channels. A grid owns its arrays. */
#ifndef PADIM_GRID_H
#define PADIM_GRID_H
#include "base/err.h"
#include "method/taps.h"
#include <stdbool.h>
#include <stddef.h>

enum { PADIM_TAPS_MAX = TAPS_MAX, PADIM_SIDE_MAX = TAP_SIDE_MAX };

/* Cells along one side of a level. */
struct padim_side {
    size_t n;
    size_t *source; /* n: the tap's row (column) that a cell shows */
    size_t *child;  /* n + 1: cells of the next level under cell i are [child[i], child[i + 1]) */
};

struct padim_level {
    struct padim_side rows, columns;
    size_t channels; /* only the last level may have none */
    size_t first;    /* channels of the coarser levels */
    size_t values;   /* where its values begin */
    size_t *tap;     /* channels: which tap, and which channel of it */
    size_t *channel;
};

struct padim_grid {
    size_t taps;
    size_t shape[PADIM_TAPS_MAX][3]; /* height, width, channels, in the stream's order */
    size_t channels;                 /* chosen */
    size_t *chosen;                  /* ascending indices into the concatenation */
    size_t height, width;            /* of the finest tap */
    size_t values;                   /* floats of an image */
    size_t levels;
    struct padim_level level[PADIM_TAPS_MAX];
};

/* Channels of all taps together. */
size_t padim_channels(const size_t (*shape)[3], size_t taps);
/* Draws n of `total` channels without repetition, ascending, by (seed, stream "padim"): free() them. */
size_t *padim_draw(size_t total, size_t n, uint64_t seed);

/* False with a reason when there is no finest tap, a size is zero, or `chosen` is not ascending and in range;
 * it is copied. */
bool padim_grid_new(struct padim_grid *grid, const size_t (*shape)[3], size_t taps, const size_t *chosen,
                    size_t n, struct err *e);
void padim_grid_free(struct padim_grid *grid);

/* Cells of level `to` under cells [*lo, *hi) of level `from` along one side, in place; `columns` says which. */
void padim_descend(const struct padim_grid *grid, bool columns, size_t from, size_t to, size_t *lo,
                   size_t *hi);

/* Writes an image's values. taps: of the grid's shapes. */
void padim_values(float *out, const struct padim_grid *grid, const struct taps *taps);
#endif
