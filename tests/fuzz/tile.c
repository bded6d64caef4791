/* A tile's keys and --tiles: what is read lies within its picture, and what is written is read back. */
#include "dataset/tiles.h"
#include "fuzz.h"
#include "stream/tile.h"
#include <stdlib.h>
#include <string.h>

static void must(bool so)
{
    if (!so)
        abort();
}

static void keys(struct note *note)
{
    struct tile t, back;
    struct err e;
    if (tile_of_note(&t, note, &e) <= 0)
        return;
    must(t.width && t.height && t.tiles);
    must(t.x + t.width <= t.whole_width && t.y + t.height <= t.whole_height);
    tile_note_whole(note, &t);
    must(tile_of_note(&back, note, &e) == 0);
    tile_note(note, &t);
    must(tile_of_note(&back, note, &e) == 1 && memcmp(&t, &back, sizeof t) == 0);
}

static void option(const char *text)
{
    struct tiling t;
    struct err e;
    if (!tiling_parse(&t, text, &e))
        return;
    const size_t length = t.side + 1000, n = tiles_along(length, &t);
    must(tile_begin(length, &t, n, 0) == 0 && tile_begin(length, &t, n, n - 1) + t.side == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct note note = {0};
    struct err e;
    fuzz_limit_memory();
    char *text = xstrndup((const char *)data, n);
    option(text);
    free(text);
    if (note_parse(&note, (const char *)data, n, &e))
        keys(&note);
    note_clear(&note);
    return 0;
}
