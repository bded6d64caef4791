/* Heat maps: colours against matplotlib's tables, blending, outlines, windows, the original's geometry. */
#include "draw/overlay.h"
#include "base/mem.h"
#include "draw/panel.h"
#include "draw/heat.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* Entry i of 256 of matplotlib 3.11's tables. */
static void colours(void)
{
    static const struct {
        enum colormap map;
        int i, red, green, blue;
    } table[] = {
        {COLORMAP_INFERNO, 0, 0, 0, 4},        {COLORMAP_INFERNO, 37, 41, 11, 85},
        {COLORMAP_INFERNO, 101, 146, 37, 104}, {COLORMAP_INFERNO, 128, 188, 55, 84},
        {COLORMAP_INFERNO, 200, 251, 157, 7},  {COLORMAP_INFERNO, 255, 252, 255, 164},
        {COLORMAP_VIRIDIS, 0, 68, 1, 84},      {COLORMAP_VIRIDIS, 37, 70, 51, 127},
        {COLORMAP_VIRIDIS, 101, 42, 119, 142}, {COLORMAP_VIRIDIS, 128, 33, 145, 140},
        {COLORMAP_VIRIDIS, 200, 112, 207, 87}, {COLORMAP_VIRIDIS, 255, 253, 231, 37},
        {COLORMAP_TURBO, 0, 48, 18, 59},       {COLORMAP_TURBO, 37, 71, 120, 240},
        {COLORMAP_TURBO, 101, 67, 247, 135},   {COLORMAP_TURBO, 128, 164, 252, 60},
        {COLORMAP_TURBO, 200, 244, 102, 23},   {COLORMAP_TURBO, 255, 122, 4, 3},
        {COLORMAP_GREY, 0, 0, 0, 0},           {COLORMAP_GREY, 128, 128, 128, 128},
        {COLORMAP_GREY, 255, 255, 255, 255},
    };
    int most = 0, ends = 0;
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        uint8_t c[3];
        colormap_rgb(c, table[k].map, table[k].i / 255.0);
        int off = abs(c[0] - table[k].red) + abs(c[1] - table[k].green) + abs(c[2] - table[k].blue);
        most = off > most ? off : most;
        if (table[k].i == 0 || table[k].i == 255)
            ends += off;
    }
    ok(ends == 0, "the ends of the colour maps");
    ok(most <= 3, "colours within a level of matplotlib's");
    uint8_t low[3], high[3], below[3], above[3];
    colormap_rgb(low, COLORMAP_VIRIDIS, 0);
    colormap_rgb(high, COLORMAP_VIRIDIS, 1);
    colormap_rgb(below, COLORMAP_VIRIDIS, -1e30);
    colormap_rgb(above, COLORMAP_VIRIDIS, 1e30);
    ok(memcmp(low, below, 3) == 0 && memcmp(high, above, 3) == 0, "beyond the ends, the ends");
}

static struct raster canvas(size_t width, size_t height, int value)
{
    struct raster r = raster_new(width, height, 3, 255);
    memset(r.samples, value, raster_bytes(&r));
    return r;
}

static void blending(void)
{
    float values[4] = {0, 1, 2, 3};
    struct overlay_scale scale = {COLORMAP_GREY, 1, 3};
    struct window w = {1, 1, 2, 2};
    struct raster r = canvas(4, 3, 100), same = canvas(4, 3, 100);
    overlay_blend(&r, &w, values, &scale, 0);
    ok(memcmp(r.samples, same.samples, raster_bytes(&r)) == 0, "alpha 0 leaves the picture");
    overlay_blend(&r, &w, values, &scale, 0.5);
    uint8_t *p = r.samples;
    ok(p[3 * 5] == 50 && p[3 * 6] == 50 && p[3 * 9] == 114 && p[3 * 10] == 178, "alpha 0.5 is the mean");
    ok(p[0] == 100 && p[3 * 4] == 100 && p[3 * 7] == 100 && p[3 * 11] == 100,
       "outside the window nothing changes");
    overlay_blend(&r, &w, values, &scale, 1);
    ok(p[3 * 5] == 0 && p[3 * 9] == 128 && p[3 * 10] == 255, "alpha 1 leaves the colours");
    raster_free(&r);
    raster_free(&same);
}

/* The outline of a square of side s and line t has s^2 - (s - 2t)^2 pixels. */
static void outlines(void)
{
    static const uint8_t ink[3] = {1, 2, 3};
    bool right = true;
    for (size_t s = 1; s <= 9; s++)
        for (size_t t = 1; t <= 2; t++) {
            uint8_t inside[16 * 16] = {0};
            struct raster r = canvas(16, 16, 0);
            struct window w = {0, 0, 16, 16};
            for (size_t i = 0; i < s * s; i++)
                inside[(3 + i / s) * 16 + 3 + i % s] = 1;
            overlay_contour(&r, &w, inside, t, ink);
            size_t drawn = 0, inner = s > 2 * t ? s - 2 * t : 0;
            for (size_t i = 0; i < 256; i++)
                drawn += memcmp((uint8_t *)r.samples + 3 * i, ink, 3) == 0;
            right &= drawn == s * s - inner * inner;
            raster_free(&r);
        }
    ok(right, "the outline of a square");
    uint8_t all[16];
    memset(all, 1, sizeof all);
    struct raster r = canvas(4, 4, 9), same = canvas(4, 4, 9);
    overlay_contour(&r, &(struct window){0, 0, 4, 4}, all, 1, ink);
    ok(memcmp(r.samples, same.samples, 48) == 0, "a region that fills the picture has no outline");
    raster_free(&r);
    raster_free(&same);
}

static void windows(void)
{
    struct window w;
    ok(window_of(&w, 1.4, 0, 3.2, 2, 10, 2) && w.x == 1 && w.width == 4 && w.y == 0 && w.height == 2,
       "a window on whole pixels");
    ok(window_of(&w, -0.4, 0, 10.8, 2, 10, 2) && w.x == 0 && w.width == 10,
       "a window rounded beyond the edge");
    ok(!window_of(&w, 0, 0, 20, 2, 10, 2) && !window_of(&w, 5, 0, 0, 2, 10, 2) &&
           !window_of(&w, NAN, 0, 1, 2, 10, 2) && !window_of(&w, 0, 0, 1e300, 2, 10, 2),
       "no window: outside, empty, not a number");
}

/* An 8 x 6 original of which 4 x 4 at (2, 1) is seen: the map fills that window. */
static void original(void)
{
    float values[4] = {1, 1, 1, 1};
    struct note note = {0};
    note_set(&note, "size", "8x6");
    note_set(&note, "crop", "2,1,4,4");
    struct heat_map map = {&note, values, 2, 2};
    struct heat_style style = {.colours = COLORMAP_GREY, .low = 0, .high = 1, .alpha = 1, .original = true};
    struct image whole = {.raster = canvas(8, 6, 70)}, part = {.raster = canvas(2, 2, 70)};
    note_set(&part.note, "crop", "2,1,4,4");
    struct raster out;
    struct err e;
    bool right = heat_draw(&out, &map, NULL, NULL, &style, &e) && out.width == 8 && out.height == 6;
    for (size_t i = 0; right && i < 48; i++)
        right =
            ((uint8_t *)out.samples)[3 * i] == (i % 8 >= 2 && i % 8 < 6 && i / 8 >= 1 && i / 8 < 5 ? 255 : 0);
    raster_free(&out);
    ok(right, "the map lies where its crop lies");

    style.alpha = 0;
    bool filled = heat_draw(&out, &map, &whole, NULL, &style, &e);
    for (size_t i = 0; filled && i < 48 * 3; i++)
        filled = ((uint8_t *)out.samples)[i] == 70;
    raster_free(&out);
    ok(filled, "the image of the whole picture fills the canvas");
    bool placed = heat_draw(&out, &map, &part, NULL, &style, &e);
    placed = placed && ((uint8_t *)out.samples)[0] == 0 && ((uint8_t *)out.samples)[3 * (8 + 2)] == 70;
    raster_free(&out);
    ok(placed, "the image of the crop lies where the crop lies");

    style.original = false;
    note_set(&part.note, "crop", "0,0,8,6");
    ok(!heat_draw(&out, &map, &part, NULL, &style, &e), "an image of another part is refused: %s", e.text);
    style.original = true;
    note_set(&note, "crop", "2,1,40,4");
    ok(!heat_draw(&out, &map, NULL, NULL, &style, &e), "so is a crop outside the picture: %s", e.text);
    image_free(&whole);
    image_free(&part);
    note_clear(&note);
}

int main(void)
{
    colours();
    blending();
    outlines();
    windows();
    original();
    struct raster tile[2] = {canvas(5, 4, 1), canvas(7, 4, 2)}, all = panel_join(tile, 2, "a");
    ok(all.width == 14 && all.height > 4 + 7 && ((uint8_t *)all.samples)[3 * 7] == 2,
       "two pictures side by side");
    for (int i = 0; i < 2; i++)
        raster_free(tile + i);
    raster_free(&all);
    return done();
}
