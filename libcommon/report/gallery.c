#include "report/gallery.h"
#include "base/mem.h"
#include "codec/jpeg.h"
#include "codec/png.h"
#include "draw/heat.h"
#include "image/colour.h"
#include "image/resize.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gallery gallery_open(const char *images, const struct outcome *outcome, size_t side)
{
    return (struct gallery){.images = companion_open(images, "image"), .outcome = outcome, .side = side};
}

/* Of the same form, its longer side no more than `side`. */
static struct geometry fit(const struct raster *r, size_t side)
{
    const size_t longer = r->width > r->height ? r->width : r->height;
    const double scale = longer > side ? (double)side / (double)longer : 1;
    size_t width = (size_t)lround((double)r->width * scale),
           height = (size_t)lround((double)r->height * scale);
    width = width ? width : 1;
    height = height ? height : 1;
    return (struct geometry){width, height, 0, 0, width, height};
}

static unsigned char *small_jpeg(const struct raster *picture, size_t side, size_t *n)
{
    const struct geometry g = fit(picture, side);
    struct raster rgb = colour_rgb(picture), small = resize_bilinear(&rgb, &g);
    unsigned char *bytes = jpeg_encode(&small, GALLERY_QUALITY, n);
    raster_free(&rgb);
    raster_free(&small);
    return bytes;
}

static unsigned char *small_mask(const struct raster *mask, size_t side, size_t *n)
{
    const struct geometry g = fit(mask, side);
    struct raster grey = colour_mask(mask), small = resize_nearest(&grey, &g);
    uint8_t *sample = small.samples;
    for (size_t i = 0; i < small.width * small.height; i++)
        sample[i] = sample[i] ? 255 : 0;
    unsigned char *bytes = png_encode(&small, PNG_LEVEL_USUAL, n);
    raster_free(&grey);
    raster_free(&small);
    return bytes;
}

/* The colours of heatmap(1): the stream's scale=, else the map's own; outlined what reaches the pixel threshold. */
static struct heat_style style_of(const struct outcome *o)
{
    struct heat_style s = {
        .alpha = 0.5, .threshold = o->pixel_threshold, .contour = isfinite(o->pixel_threshold)};
    const char *scale = note_get(&o->opening, "scale");
    s.own_scale = !scale || sscanf(scale, "%lf,%lf", &s.low, &s.high) != 2;
    return s;
}

static void draw_overlay(const struct gallery *g, struct gallery_picture *p, const struct outcome_record *r,
                         const struct image *image)
{
    const struct heat_style style = style_of(g->outcome);
    const struct heat_map map = {r->note, r->map, r->width, r->height};
    struct raster drawn;
    struct err e;
    if (!heat_draw(&drawn, &map, image, r->mask, &style, &e))
        npys_reader_die(r->reader, "%s", e.text);
    p->overlay = small_jpeg(&drawn, g->side, &p->overlay_bytes);
    raster_free(&drawn);
}

void gallery_see(void *gallery, const struct outcome_record *record)
{
    struct gallery *g = gallery;
    const struct image *image = companion_next(&g->images, record->reader, record->note);
    g->picture = xgrow(g->picture, g->n, &g->capacity, sizeof *g->picture);
    struct gallery_picture *p = &g->picture[g->n++];
    *p = (struct gallery_picture){0};
    p->image = small_jpeg(&image->raster, g->side, &p->image_bytes);
    if (record->mask && g->outcome->defective[g->n - 1])
        p->mask = small_mask(&record->mask->raster, g->side, &p->mask_bytes);
    if (record->map)
        draw_overlay(g, p, record, image);
}

void gallery_close(struct gallery *g)
{
    companion_close(&g->images);
}

void gallery_free(struct gallery *g)
{
    for (size_t i = 0; i < g->n; i++) {
        free(g->picture[i].image);
        free(g->picture[i].overlay);
        free(g->picture[i].mask);
    }
    free(g->picture);
}
