#include "stream/tile.h"
#include "base/mem.h"
#include "base/raster.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NAME with @X,Y before its suffix. */
static void name_tile(struct note *note, const struct tile *t)
{
    const char *name = note_get(note, "name");
    if (!name)
        return;
    const char *slash = strrchr(name, '/'), *file = slash ? slash + 1 : name, *dot = strrchr(file, '.');
    const size_t stem = dot && dot > file ? (size_t)(dot - name) : strlen(name);
    char *of = xstrdup(name);
    note_setf(note, "name", "%.*s@%zu,%zu%s", (int)stem, of, t->x, t->y, of + stem);
    note_set(note, "tile_of", of);
    free(of);
}

static bool get_crop(double crop[4], const struct note *note)
{
    const char *text = note_get(note, "crop");
    return text && sscanf(text, "%lf,%lf,%lf,%lf", crop, crop + 1, crop + 2, crop + 3) == 4;
}

/* %.10g keeps whole pixels whole. */
static void set_crop(struct note *note, double x, double y, double width, double height)
{
    note_setf(note, "crop", "%.10g,%.10g,%.10g,%.10g", x, y, width, height);
}

void tile_note(struct note *note, const struct tile *t)
{
    double c[4];
    name_tile(note, t);
    note_setf(note, "tile", "%zu,%zu,%zu,%zu", t->x, t->y, t->width, t->height);
    note_setf(note, "whole", "%zux%zu", t->whole_width, t->whole_height);
    note_setf(note, "tiles", "%zu", t->tiles);
    if (!get_crop(c, note))
        return;
    const double across = c[2] / (double)t->whole_width, down = c[3] / (double)t->whole_height;
    set_crop(note, c[0] + (double)t->x * across, c[1] + (double)t->y * down, (double)t->width * across,
             (double)t->height * down);
}

int tile_of_note(struct tile *t, const struct note *note, struct err *e)
{
    const char *text = note_get(note, "tile");
    char more;
    if (!text)
        return 0;
    if (sscanf(text, "%zu,%zu,%zu,%zu%c", &t->x, &t->y, &t->width, &t->height, &more) != 4 || !t->width ||
        !t->height) {
        err_set(e, "tile=%.60s is no X,Y,WIDTH,HEIGHT", text);
        return -1;
    }
    if (!note_size(note, "whole", &t->whole_width, &t->whole_height) || t->whole_width > RASTER_SIDE_MAX ||
        t->whole_height > RASTER_SIDE_MAX || t->width > t->whole_width || t->height > t->whole_height ||
        t->x > t->whole_width - t->width || t->y > t->whole_height - t->height) {
        const char *whole = note_get(note, "whole");
        err_set(e, "tile=%.60s does not lie in whole=%.60s", text, whole ? whole : "");
        return -1;
    }
    if (!note_count(note, "tiles", &t->tiles) || t->tiles == 0) {
        err_set(e, "a tile without tiles=, their number");
        return -1;
    }
    return 1;
}

void tile_note_whole(struct note *note, const struct tile *t)
{
    const char *of = note_get(note, "tile_of");
    double c[4];
    if (of) {
        char *name = xstrdup(of);
        note_set(note, "name", name);
        free(name);
    }
    if (get_crop(c, note)) {
        const double across = c[2] / (double)t->width, down = c[3] / (double)t->height;
        set_crop(note, c[0] - (double)t->x * across, c[1] - (double)t->y * down,
                 (double)t->whole_width * across, (double)t->whole_height * down);
    }
    note_remove(note, "tile_of");
    note_remove(note, "tile");
    note_remove(note, "whole");
    note_remove(note, "tiles");
}
