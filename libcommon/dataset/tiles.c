#include "dataset/tiles.h"
#include "base/mem.h"
#include "base/opt.h"
#include "stream/tile.h"
#include <stdlib.h>
#include <string.h>

bool tiling_parse(struct tiling *t, const char *text, struct err *e)
{
    const char *plus = strchr(text, '+');
    char *side = plus ? xstrndup(text, (size_t)(plus - text)) : xstrdup(text);
    *t = (struct tiling){0};
    bool fine = opt_parse_size(&t->side, side, 1, RASTER_SIDE_MAX, e);
    free(side);
    if (fine && plus)
        fine = opt_parse_size(&t->overlap, plus + 1, 0, RASTER_SIDE_MAX, e);
    if (fine && t->overlap >= t->side)
        return err_set(e, "an overlap of %zu leaves nothing of tiles of %zu", t->overlap, t->side);
    return fine;
}

bool tiles_fit(const struct image *im, const struct tiling *t, struct err *e)
{
    const struct raster *r = &im->raster;
    if (note_get(&im->note, "tile"))
        return err_set(e, "is a tile already");
    if (r->width < t->side || r->height < t->side)
        return err_set(e, "%zu x %zu pixels are smaller than a tile of %zu", r->width, r->height, t->side);
    return true;
}

static void copy_window(struct raster *to, const struct raster *from, size_t x, size_t y)
{
    const size_t pixel = from->channels * raster_depth(from), row = to->width * pixel;
    for (size_t k = 0; k < to->height; k++)
        memcpy((char *)to->samples + k * row,
               (const char *)from->samples + ((y + k) * from->width + x) * pixel, row);
}

void tiles_cut(const struct image *im, const struct tiling *t,
               void (*take)(void *arg, const struct image *tile), void *arg)
{
    const struct raster *r = &im->raster;
    const size_t across = tiles_along(r->width, t), down = tiles_along(r->height, t);
    struct tile place = {.width = t->side, .height = t->side, .tiles = across * down};
    struct image tile = {.raster = raster_new(t->side, t->side, r->channels, r->maxval)};
    place.whole_width = r->width;
    place.whole_height = r->height;
    for (size_t i = 0; i < across * down; i++) {
        place.x = tile_begin(r->width, t, across, i % across);
        place.y = tile_begin(r->height, t, down, i / across);
        copy_window(&tile.raster, r, place.x, place.y);
        note_copy(&tile.note, &im->note);
        tile_note(&tile.note, &place);
        take(arg, &tile);
    }
    image_free(&tile);
}
