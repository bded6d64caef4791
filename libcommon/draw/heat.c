#include "draw/heat.h"
#include "base/mem.h"
#include "image/colour.h"
#include "image/map.h"
#include "draw/overlay.h"
#include "draw/panel.h"
#include "image/resize.h"
#include "image/shape.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is drawn on: a canvas, and the window of it that the map covers. */
struct view {
    size_t width, height;
    struct window window;
};

/* crop=: the part of the original that a record shows. False where it does not say. */
static bool seen_of(const struct note *note, double seen[4])
{
    const char *crop = note_get(note, "crop");
    char more;
    return crop && sscanf(crop, "%lf,%lf,%lf,%lf%c", seen, seen + 1, seen + 2, seen + 3, &more) == 4;
}

/* Whether both say what they show, and show the same. */
static bool seen_alike(const struct note *a, const struct note *b, bool *differ)
{
    double p[4], q[4];
    bool alike = seen_of(a, p) && seen_of(b, q);
    *differ = false;
    for (int i = 0; alike && i < 4; i++)
        *differ |= !(fabs(p[i] - q[i]) < 0.5);
    return alike && !*differ;
}

static bool view_original(struct view *v, const struct note *note, struct err *e)
{
    double s[4];
    if (!note_size(note, "size", &v->width, &v->height))
        return err_set(e, "the map has no size= of the original picture");
    if (!raster_sane(v->width, v->height, 3, 255))
        return err_set(e, "size=%zux%zu is out of range", v->width, v->height);
    v->window = (struct window){0, 0, v->width, v->height};
    if (!note_get(note, "crop"))
        return true;
    return (seen_of(note, s) && window_of(&v->window, s[0], s[1], s[2], s[3], v->width, v->height)) ||
           err_set(e, "crop=%s is no part of the picture", note_get(note, "crop"));
}

static bool view_of(struct view *v, const struct heat_map *map, const struct image *image,
                    const struct image *mask, bool original, struct err *e)
{
    bool differ;
    const struct image *like = image ? image : mask;
    if (original)
        return view_original(v, map->note, e);
    *v = (struct view){.width = map->width, .height = map->height};
    if (like) {
        v->width = like->raster.width;
        v->height = like->raster.height;
    }
    if (like && !seen_alike(map->note, &like->note, &differ) && differ)
        return err_set(e, "the image shows another part of the picture than the map: --original joins them");
    v->window = (struct window){0, 0, v->width, v->height};
    return true;
}

/* An image or mask on the canvas, RGB: black around what shows the map's part only. */
static struct raster on_canvas(const struct image *im, const struct view *v, const struct note *note,
                               bool mask)
{
    bool differ;
    struct window w = {0, 0, v->width, v->height};
    if (seen_alike(note, &im->note, &differ))
        w = v->window;
    struct geometry g = {w.width, w.height, 0, 0, w.width, w.height};
    struct raster plain = mask ? colour_mask(&im->raster) : colour_rgb(&im->raster);
    struct raster scaled = mask ? resize_nearest(&plain, &g) : resize_bilinear(&plain, &g);
    struct raster rgb = colour_rgb(&scaled), canvas = raster_new(v->width, v->height, 3, 255);
    memset(canvas.samples, 0, raster_bytes(&canvas));
    overlay_paste(&canvas, w.x, w.y, &rgb);
    raster_free(&plain);
    raster_free(&scaled);
    raster_free(&rgb);
    return canvas;
}

static size_t line_width(const struct raster *picture)
{
    return 1 + picture->height / 400;
}

/* Makes a mask's values black and white; outlines it on the picture. */
static void draw_mask(struct raster *picture, struct raster *mask)
{
    static const uint8_t green[3] = {60, 255, 90};
    size_t n = mask->width * mask->height;
    uint8_t *inside = xmalloc(n, 1), *rgb = mask->samples;
    for (size_t i = 0; i < n; i++) {
        inside[i] = rgb[3 * i] ? 255 : 0;
        memset(rgb + 3 * i, inside[i], 3);
    }
    overlay_contour(picture, &(struct window){0, 0, mask->width, mask->height}, inside, line_width(picture),
                    green);
    free(inside);
}

static void draw_threshold(struct raster *picture, const struct window *w, const float *values,
                           double threshold)
{
    static const uint8_t white[3] = {255, 255, 255};
    uint8_t *inside = xmalloc(w->width * w->height, 1);
    for (size_t i = 0; i < w->width * w->height; i++)
        inside[i] = values[i] >= threshold;
    overlay_contour(picture, w, inside, line_width(picture), white);
    free(inside);
}

static struct overlay_scale scale_of(const struct heat_map *map, const struct heat_style *style)
{
    struct overlay_scale s = {style->colours, style->low, style->high};
    if (!style->own_scale)
        return s;
    s.low = s.high = map->values[0];
    for (size_t i = 0; i < map->width * map->height; i++) {
        s.low = shape_min(s.low, map->values[i]);
        s.high = shape_max(s.high, map->values[i]);
    }
    return s;
}

/* The map's colours and the threshold's outline on the picture. */
static void draw_map(struct raster *picture, const struct heat_map *map, const struct window *w,
                     const struct heat_style *style, double alpha)
{
    struct overlay_scale scale = scale_of(map, style);
    mem_need(w->width * w->height * (sizeof(float) + 1), "a map");
    float *values = xmalloc(w->width * w->height, sizeof *values);
    map_resize(values, w->height, w->width, map->values, map->height, map->width, 1, MAP_HALF_PIXEL);
    overlay_blend(picture, w, values, &scale, alpha);
    if (style->contour)
        draw_threshold(picture, w, values, style->threshold);
    free(values);
}

static struct raster join(const struct raster *image, const struct raster *mask, const struct raster *drawn,
                          const struct note *note)
{
    struct raster tile[3];
    size_t n = 0;
    if (image->samples)
        tile[n++] = *image;
    if (mask->samples)
        tile[n++] = *mask;
    tile[n++] = *drawn;
    const char *name = note_get(note, "name"), *score = note_get(note, "score");
    char *text = xprintf(score ? "%s  score %.4g" : "%s", name ? name : "", score ? strtod(score, NULL) : 0);
    struct raster all = panel_join(tile, n, text);
    free(text);
    return all;
}

bool heat_draw(struct raster *out, const struct heat_map *map, const struct image *image,
               const struct image *mask, const struct heat_style *style, struct err *e)
{
    struct view v;
    struct raster below = {0}, shown = {0};
    if (!view_of(&v, map, image, mask, style->original, e))
        return false;
    if (image)
        below = on_canvas(image, &v, map->note, false);
    if (mask)
        shown = on_canvas(mask, &v, map->note, true);
    bool over = image && !style->plain;
    struct raster picture = raster_new(v.width, v.height, 3, 255);
    if (over)
        memcpy(picture.samples, below.samples, raster_bytes(&picture));
    else
        memset(picture.samples, 0, raster_bytes(&picture));
    draw_map(&picture, map, &v.window, style, over ? style->alpha : 1);
    if (mask)
        draw_mask(&picture, &shown);
    *out = style->panel ? join(&below, &shown, &picture, map->note) : picture;
    if (style->panel)
        raster_free(&picture);
    raster_free(&below);
    raster_free(&shown);
    return true;
}
