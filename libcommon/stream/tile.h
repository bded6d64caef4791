/* A tile's keys: where it lies in the picture that imgcat cut it from, so that tilejoin can put its map back.
 *
 *     name=test/hole/003@448,0.png   the picture's name, and the tile's place before its suffix
 *     tile_of=test/hole/003.png      the picture's name; not there where it has none
 *     tile=448,0,512,512             x, y, width, height, in pixels of the picture as it was cut, after any resizing
 *     whole=4000x3000                the picture's width and height then
 *     tiles=63                       how many tiles it was cut into
 *     crop=                          the part of the original that the tile shows (image.h) */
#ifndef STREAM_TILE_H
#define STREAM_TILE_H
#include "stream/note.h"
#include <stdbool.h>

struct tile {
    size_t x, y, width, height;
    size_t whole_width, whole_height; /* at most RASTER_SIDE_MAX; the tile lies within */
    size_t tiles;                     /* 1 or more */
};

/* A picture's note becomes that of a tile of it. */
void tile_note(struct note *note, const struct tile *t);
/* 1: reads the keys; 0: there are none; -1: they are broken, with a reason. */
int tile_of_note(struct tile *t, const struct note *note, struct err *e);
/* A tile's note becomes that of the picture: what tile_note did is undone. */
void tile_note_whole(struct note *note, const struct tile *t);
#endif
