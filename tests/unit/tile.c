/* image/tile, stream/tile: where tiles lie, how their maps become one, what their keys say. */
#include "image/tile.h"
#include "base/mem.h"
#include "base/rng.h"
#include "dataset/tiles.h"
#include "stream/tile.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { TILES_MAX = 256 };

/* Every side: the first at 0, the last at the end, no gap, at least the overlap, and no tile more than that takes. */
static void places(void)
{
    bool fine = true, few = true;
    for (size_t side = 1; side < 20; side++)
        for (size_t overlap = 0; overlap < side; overlap++)
            for (size_t length = side; length < 90; length++) {
                const struct tiling t = {side, overlap};
                const size_t n = tiles_along(length, &t);
                fine &=
                    tile_begin(length, &t, n, 0) == 0 && tile_begin(length, &t, n, n - 1) + side == length;
                for (size_t i = 1; i < n; i++) {
                    const size_t before = tile_begin(length, &t, n, i - 1), at = tile_begin(length, &t, n, i);
                    fine &= at > before && before + side - at >= overlap && at <= before + side;
                }
                few &= n == 1 || side + (n - 2) * (side - overlap) < length;
            }
    ok(fine, "tiles: from edge to edge, overlapping as asked for or more");
    ok(few, "tiles: as few as that takes");
}

/* A whole of height x width cut into tiles that hold value(x, y). */
struct cut {
    size_t height, width, n;
    struct tile_map tile[TILES_MAX];
    float *map;
};

static struct cut cut_up(size_t height, size_t width, struct tiling t,
                         double (*value)(size_t tile, size_t x, size_t y))
{
    const size_t across = tiles_along(width, &t), down = tiles_along(height, &t);
    struct cut c = {.height = height, .width = width, .n = across * down};
    for (size_t i = 0; i < c.n; i++) {
        struct window *p = &c.tile[i].place;
        *p = (struct window){tile_begin(width, &t, across, i % across),
                             tile_begin(height, &t, down, i / across), t.side, t.side};
        float *v = xmalloc(t.side * t.side, sizeof *v);
        for (size_t k = 0; k < t.side * t.side; k++)
            v[k] = (float)value(i, p->x + k % t.side, p->y + k / t.side);
        c.tile[i].value = v;
    }
    c.map = xmalloc(height * width, sizeof *c.map);
    return c;
}

static void cut_free(struct cut *c)
{
    for (size_t i = 0; i < c->n; i++)
        free((void *)(uintptr_t)c->tile[i].value);
    free(c->map);
}

static bool join(struct cut *c)
{
    size_t x, y;
    return tiles_join(c->map, c->height, c->width, c->tile, c->n, &x, &y);
}

static double number(size_t tile, size_t x, size_t y)
{
    (void)x, (void)y;
    return (double)tile;
}

static double plane(size_t tile, size_t x, size_t y)
{
    (void)tile;
    return 3 * (double)x - 7 * (double)y + .5;
}

static double noise(size_t tile, size_t x, size_t y)
{
    struct rng r = rng_new(7, tile * 65536 + y * 256 + x);
    return rng_normal(&r);
}

/* By hand: tiles of 4 that overlap by 2 over 6 x 4: columns 2 and 3 are in both, at 1.5 and .5 from the first one's edge. */
static void by_hand(void)
{
    struct cut c = cut_up(4, 6, (struct tiling){4, 2}, number);
    static const float want[6] = {0, 0, .25f, .75f, 1, 1};
    ok(c.n == 2 && join(&c) && memcmp(c.map, want, sizeof want) == 0 &&
           memcmp(c.map + 18, want, sizeof want) == 0,
       "two tiles, 0 and 1: 0 0 .25 .75 1 1");
    cut_free(&c);
    c = cut_up(4, 8, (struct tiling){4, 0}, number);
    static const float apart[8] = {0, 0, 0, 0, 1, 1, 1, 1};
    ok(join(&c) && memcmp(c.map, apart, sizeof apart) == 0, "without overlap each has its own");
    cut_free(&c);
    c = cut_up(4, 5, (struct tiling){4, 3}, number); /* the picture's edges are none of the tiles' */
    bool near = join(&c);
    for (size_t x = 1; x < 4; x++)
        near &= fabs((double)c.map[x] - ((double)x - .5) / 3) < 1e-6;
    ok(near && c.map[0] == 0 && c.map[4] == 1, "more than half: 0 1/6 1/2 5/6 1");
    cut_free(&c);
}

/* What all tiles agree in is what comes out; and steps between neighbouring pixels are no larger than the weights' slope. */
static void blended(void)
{
    static const struct tiling tilings[] = {{8, 3}, {8, 6}, {8, 0}, {16, 5}};
    double worst = 0, step = 0;
    for (size_t k = 0; k < 4; k++) {
        struct cut c = cut_up(23, 37, tilings[k], plane);
        join(&c);
        for (size_t i = 0; i < c.height * c.width; i++)
            worst = worse(worst, fabs((double)c.map[i] - plane(0, i % c.width, i / c.width)));
        cut_free(&c);
    }
    ok_close(worst, 0, 2e-5, "what the tiles agree in stays: weights sum to one");
    struct cut c = cut_up(40, 64, (struct tiling){32, 16}, number); /* 0 1 2, then 3 4 5 */
    join(&c);
    for (size_t i = 1; i < c.height * c.width; i++)
        if (i % c.width)
            step = worse(step, fabs((double)(c.map[i] - c.map[i - 1])));
    ok(step < 1.0 / 16 + 1e-6, "an overlap of 16: no step above 1/16 (%g)", step);
    cut_free(&c);
}

static void any_order(void)
{
    struct cut c = cut_up(30, 41, (struct tiling){9, 5}, noise);
    struct rng r = rng_new(3, 0);
    const size_t bytes = c.height * c.width * sizeof *c.map;
    float *first = xmalloc(1, bytes);
    join(&c);
    memcpy(first, c.map, bytes);
    bool same = true;
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = c.n - 1; i > 0; i--) {
            const size_t j = (size_t)(rng_uniform(&r) * (double)(i + 1));
            const struct tile_map t = c.tile[i];
            c.tile[i] = c.tile[j];
            c.tile[j] = t;
        }
        same &= join(&c) && memcmp(first, c.map, bytes) == 0;
    }
    ok(same, "the same bits in any order of the tiles");
    free(first);
    cut_free(&c);
}

static void holes(void)
{
    struct cut c = cut_up(8, 12, (struct tiling){4, 0}, number);
    size_t x = 0, y = 0;
    const struct tile_map taken = c.tile[4];
    c.tile[4] = c.tile[--c.n];
    const bool whole = tiles_join(c.map, 8, 12, c.tile, c.n, &x, &y);
    ok(!whole && x == 4 && y == 4, "a missing tile is told: %zu,%zu", x, y);
    c.tile[c.n++] = taken;
    cut_free(&c);
}

static struct note parsed(const char *text)
{
    struct note n = {0};
    struct err e;
    note_parse(&n, text, strlen(text), &e);
    return n;
}

static bool says(const struct note *n, const char *key, const char *want)
{
    const char *value = note_get(n, key);
    return value && want ? strcmp(value, want) == 0 : value == want;
}

static void keys(void)
{
    const struct tile t = {448, 0, 512, 512, 2000, 1500, 12};
    struct tile back;
    struct err e;
    struct note n = parsed("name=test/a.b/003.png\tlabel=1\tsize=4000x3000\tcrop=0,0,4000,3000");
    tile_note(&n, &t);
    ok(says(&n, "name", "test/a.b/003@448,0.png") && says(&n, "tile_of", "test/a.b/003.png") &&
           says(&n, "tile", "448,0,512,512") && says(&n, "whole", "2000x1500") && says(&n, "tiles", "12") &&
           says(&n, "crop", "896,0,1024,1024") && says(&n, "size", "4000x3000"),
       "the keys of a tile of an image that was halved");
    ok(tile_of_note(&back, &n, &e) == 1 && memcmp(&back, &t, sizeof t) == 0, "are read back");
    tile_note_whole(&n, &t);
    char *text = note_format(&n);
    ok(strcmp(text, "name=test/a.b/003.png\tlabel=1\tsize=4000x3000\tcrop=0,0,4000,3000") == 0 &&
           tile_of_note(&back, &n, &e) == 0,
       "and undone");
    free(text);
    note_clear(&n);
    static const char *const names[][2] = {
        {"a", "a@448,0"}, {"x.y/a", "x.y/a@448,0"}, {".hid", ".hid@448,0"}};
    for (size_t i = 0; i < 3; i++) {
        note_set(&n, "name", names[i][0]);
        tile_note(&n, &t);
        ok(says(&n, "name", names[i][1]), "%s: %s", names[i][0], names[i][1]);
    }
    note_clear(&n);
    tile_note(&n, &t);
    ok(says(&n, "name", NULL) && says(&n, "tile_of", NULL), "no name stays none");
    note_clear(&n);
}

static void broken(void)
{
    static const char *const bad[] = {
        "tile=0,0,4\twhole=8x8\ttiles=4",
        "tile=0,0,4,4x\twhole=8x8\ttiles=4",
        "tile=0,0,0,4\twhole=8x8\ttiles=4",
        "tile=0,0,4,4\ttiles=4",
        "tile=5,0,4,4\twhole=8x8\ttiles=4",
        "tile=0,5,4,4\twhole=8x8\ttiles=4",
        "tile=-1,0,4,4\twhole=8x8\ttiles=4",
        "tile=0,0,9,4\twhole=8x8\ttiles=4",
        "tile=0,0,4,4\twhole=8x70000\ttiles=4",
        "tile=0,0,4,4\twhole=8x8",
        "tile=0,0,4,4\twhole=8x8\ttiles=0",
        "tile=0,0,4,4\twhole=8\ttiles=4",
        "tile=18446744073709551615,0,4,4\twhole=8x8\ttiles=4",
    };
    struct tile t;
    struct err e;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct note n = parsed(bad[i]);
        ok(tile_of_note(&t, &n, &e) == -1, "broken: %s", e.text);
        note_clear(&n);
    }
}

static void options(void)
{
    struct tiling t;
    struct err e;
    ok(tiling_parse(&t, "512+64", &e) && t.side == 512 && t.overlap == 64, "512+64");
    ok(tiling_parse(&t, "512", &e) && t.side == 512 && t.overlap == 0, "512");
    ok(!tiling_parse(&t, "512+512", &e) && !tiling_parse(&t, "+64", &e) && !tiling_parse(&t, "0", &e) &&
           !tiling_parse(&t, "512+", &e) && !tiling_parse(&t, "512-64", &e) && !tiling_parse(&t, "70000", &e),
       "what is none is refused");
}

int main(void)
{
    places();
    by_hand();
    blended();
    any_order();
    holes();
    keys();
    broken();
    options();
    return done();
}
