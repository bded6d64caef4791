/* Tiles of an image that was decoded and fitted: imgcat --tiles. */
#ifndef DATASET_TILES_H
#define DATASET_TILES_H
#include "image/tile.h"
#include "stream/image.h"

/* "512" or "512+64"; false with a reason. */
bool tiling_parse(struct tiling *t, const char *text, struct err *e);
/* Whether an image can be cut so; false with a reason. */
bool tiles_fit(const struct image *im, const struct tiling *t, struct err *e);
/* Hands over one tile after the other, row by row: a raster of its own, and the image's note with a tile's keys (stream/tile.h).
 * Both are gone when `take` returns. The image must fit. */
void tiles_cut(const struct image *im, const struct tiling *t,
               void (*take)(void *arg, const struct image *tile), void *arg);
#endif
