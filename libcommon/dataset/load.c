#include "dataset/load.h"
#include "dataset/decode.h"
#include "dataset/tiles.h"
#include "image/colour.h"
#include "image/crop.h"
#include "image/orient.h"
#include "image/resize.h"
#include <stdio.h>
#include <string.h>

static void replace(struct raster *r, struct raster by)
{
    raster_free(r);
    *r = by;
}

static bool full_size(const struct raster *r, const struct geometry *g)
{
    return g->width == r->width && g->height == r->height && g->full_width == r->width &&
           g->full_height == r->height;
}

static void fit_raster(struct raster *r, const struct geometry *g, bool mask)
{
    if (!full_size(r, g))
        replace(r, mask ? resize_nearest(r, g) : resize_bilinear(r, g));
    if (mask)
        replace(r, colour_mask(r));
    else if (r->channels != 3 || r->maxval != 255)
        replace(r, colour_rgb(r));
}

/* What an image that has been cropped before shows of its original, or all of it. */
static struct seen seen_before(const struct image *im, double width, double height)
{
    const char *crop = note_get(&im->note, "crop");
    struct seen s = {0, 0, width, height};
    if (!crop || sscanf(crop, "%lf,%lf,%lf,%lf", &s.x, &s.y, &s.width, &s.height) != 4)
        s = (struct seen){0, 0, width, height};
    return s;
}

/* size= and crop=: %.10g keeps whole pixels whole and halves exact. */
static void set_geometry(struct image *im, const struct geometry *g)
{
    size_t width = im->raster.width, height = im->raster.height, first_width, first_height;
    if (!note_size(&im->note, "size", &first_width, &first_height)) {
        first_width = width;
        first_height = height;
        note_setf(&im->note, "size", "%zux%zu", width, height);
    }
    struct seen before = seen_before(im, (double)first_width, (double)first_height);
    struct seen now = geometry_seen(g, width, height);
    double across = before.width / (double)width, down = before.height / (double)height;
    note_setf(&im->note, "crop", "%.10g,%.10g,%.10g,%.10g", before.x + now.x * across,
              before.y + now.y * down, now.width * across, now.height * down);
}

/* resize=, a key of stream/identity.h: R or R,C; steps that were made before stand before it, but for a squash
 * that is squashed again, which is one squash. A step that changes nothing is none. */
static void set_steps(struct image *im, const struct geometry *g, const struct load_options *o)
{
    const char *before = note_get(&im->note, "resize");
    char step[64];
    if (!o->resize && !o->crop)
        return;
    snprintf(step, sizeof step, o->crop ? "%zu,%zu" : "%zu", o->resize, o->crop);
    if (!before || (!o->crop && !strpbrk(before, ",+/")))
        note_set(&im->note, "resize", step);
    else if (!full_size(&im->raster, g))
        note_setf(&im->note, "resize", "%s+%s", before, step);
}

/* And /S behind it, of tiles: which side they have, not how they overlap, makes what a network sees. */
static void set_tiles(struct image *im, const struct load_options *o)
{
    const char *before = note_get(&im->note, "resize");
    if (o->tiles.side)
        note_setf(&im->note, "resize", "%s/%zu", before ? before : "0", o->tiles.side);
}

bool image_fit(struct image *im, const struct load_options *o, struct err *e)
{
    struct geometry g;
    if (!geometry_of(&g, im->raster.width, im->raster.height, o->resize, o->crop, e))
        return false;
    set_geometry(im, &g);
    set_steps(im, &g, o);
    fit_raster(&im->raster, &g, o->masks);
    if (o->tiles.side && !tiles_fit(im, &o->tiles, e))
        return false;
    set_tiles(im, o);
    return true;
}

static void set_comments(struct image *im, const struct dataset_entry *en)
{
    note_clear(&im->note);
    note_set(&im->note, "name", en->name);
    if (en->label)
        note_set(&im->note, "label", en->label);
    if (en->defect)
        note_set(&im->note, "defect", en->defect);
}

/* Honours EXIF's orientation, or remarks that it was left alone. */
static void turn(struct raster *r, struct load_remarks *remarks, unsigned orientation, bool as_stored)
{
    if (as_stored)
        remarks->orientation = orientation;
    else if (orientation != 1)
        replace(r, orient(r, orientation));
}

enum load_result entry_load(struct image *im, struct load_remarks *remarks, const struct dataset_entry *en,
                            const struct load_options *o, struct err *e)
{
    struct err reason;
    struct codec_facts facts;
    *remarks = (struct load_remarks){.orientation = 1};
    raster_free(&im->raster);
    set_comments(im, en);
    if (!image_load(&im->raster, &facts, en->path, &reason)) {
        err_set(e, "%s: %s", en->path, reason.text);
        return LOAD_NO_IMAGE;
    }
    remarks->odd = facts.remark;
    turn(&im->raster, remarks, facts.orientation, en->as_stored);
    if (o->masks && !mask_load(&im->raster, &remarks->mask, remarks->orientation, en, e))
        return LOAD_NO_MASK;
    if (!image_fit(im, o, &reason)) {
        err_set(e, "%s: %s", en->path, reason.text);
        return LOAD_NO_IMAGE;
    }
    return LOAD_DONE;
}
