/* Tiles: a large picture as squares that overlap, and maps of them put together again.
 *
 * Along each side of a picture lie as few tiles as keep the overlap that was asked for, evenly: the first begins at 0, the last
 * ends at the picture's edge, and neighbours overlap as much as was asked for or a little more.
 *
 * Where tiles overlap, each counts by its weight: the distance from the pixel's centre to the nearer of the tile's edges across, times
 * the same down, where edges that are the picture's own don't count. So between two neighbours a weight falls from 1 to 0 as a
 * straight line while the other rises, the weights of a pixel sum to one, and no edge of a tile is a step. */
#ifndef IMAGE_TILE_H
#define IMAGE_TILE_H
#include "image/window.h"

struct tiling {
    size_t side, overlap; /* overlap < side; side 0: no tiles */
};

/* How many tiles lie along a side of `length` pixels, length >= t->side. */
size_t tiles_along(size_t length, const struct tiling *t);
/* Where the i-th of n begins. */
size_t tile_begin(size_t length, const struct tiling *t, size_t n, size_t i);

struct tile_map {
    struct window place; /* in the whole */
    const float *value;  /* place.height x place.width */
};
/* Fills out (height x width) from the maps of n tiles, in any order: the result is the same bits. Sorts them. False when a pixel
 * lies in no tile: its place in *x, *y. */
bool tiles_join(float *out, size_t height, size_t width, struct tile_map *tile, size_t n, size_t *x,
                size_t *y);
#endif
