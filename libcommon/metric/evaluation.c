#include "metric/evaluation.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t kind_number(struct evaluation *ev, const char *name)
{
    size_t i = KIND_GOOD + 1;
    while (i < ev->kinds && strcmp(ev->kind[i], name) != 0)
        i++;
    if (i == ev->kinds) {
        ev->kind = xgrow(ev->kind, ev->kinds, &ev->kind_capacity, sizeof *ev->kind);
        ev->kind[ev->kinds++] = xstrdup(name);
    }
    return (uint32_t)i;
}

bool evaluation_add(struct evaluation *ev, const char *label, const char *defect, const char *score,
                    struct err *e)
{
    char *end;
    if (!label)
        return err_set(e, "no label= (0: good, 1: defective)");
    bool defective = strcmp(label, "1") == 0;
    if (!defective && strcmp(label, "0") != 0)
        return err_set(e, "label '%s' is not 0 (good) or 1 (defective)", label);
    if (defective && defect && strcmp(defect, "good") == 0)
        return err_set(e, "label 1 (defective), but the defect is called 'good'");
    if (!score)
        return err_set(e, "no score=");
    double x = strtod(score, &end);
    if (end == score || *end || !isfinite(x))
        return err_set(e, "score '%s' is not a finite number", score);
    if (ev->kinds == 0) {
        ev->kind = xgrow(NULL, 0, &ev->kind_capacity, sizeof *ev->kind);
        ev->kind[ev->kinds++] = xstrdup("good");
    }
    uint32_t kind = defective ? kind_number(ev, defect && *defect ? defect : "defect") : KIND_GOOD;
    ev->image = xgrow(ev->image, ev->images, &ev->image_capacity, sizeof *ev->image);
    ev->image[ev->images++] = (struct scored){.score = x + 0.0, .kind = kind};
    return true;
}

/* At least n elements; what was in them goes. */
static void *workspace(void *old, size_t *room, size_t n, size_t size)
{
    if (n <= *room)
        return old;
    free(old);
    mem_need(n * size, "a map and its mask");
    *room = n;
    return xmalloc(n, size);
}

/* The map's values, which are its own where they are f32. NULL with a reason. */
static const float *values_of(struct evaluation *ev, const struct tensor *map, struct err *e)
{
    char shape[128];
    const float *value = map->data;
    const size_t n = tensor_count(map);
    if (map->rank != 2 || n == 0) {
        err_set(e, "the map has the shape %s, not height x width", tensor_shape_text(map, shape));
        return NULL;
    }
    if (map->type != DT_F32 && map->type != DT_F16) {
        err_set(e, "the map is not f4 or f2");
        return NULL;
    }
    if (map->type == DT_F16) {
        ev->converted = workspace(ev->converted, &ev->room, n, sizeof *ev->converted);
        tensor_to_f32(ev->converted, map);
        value = ev->converted;
    }
    for (size_t i = 0; i < n; i++)
        if (!isfinite(value[i])) {
            err_set(e, "the map holds %s at row %zu, column %zu", isnan(value[i]) ? "NaN" : "infinity",
                    i / map->dim[1], i % map->dim[1]);
            return NULL;
        }
    return value;
}

/* Where a colour sample is not 0. False when none is. */
static bool take_mask(unsigned char *defective, const struct raster *mask)
{
    size_t channels = mask->channels, colours = channels == 2 || channels == 4 ? channels - 1 : channels;
    const uint8_t *byte = mask->samples;
    const uint16_t *word = mask->samples;
    bool any = false;
    for (size_t i = 0; i < mask->width * mask->height; i++) {
        unsigned sum = 0;
        for (size_t c = 0; c < colours; c++)
            sum |= mask->maxval > 255 ? word[i * channels + c] : byte[i * channels + c];
        defective[i] = sum != 0;
        any |= sum != 0;
    }
    return any;
}

bool evaluation_add_map(struct evaluation *ev, const struct tensor *map, const struct raster *mask,
                        struct err *e)
{
    ev->score = values_of(ev, map, e);
    if (!ev->score || !mask)
        return ev->score;
    if (mask->width != map->dim[1] || mask->height != map->dim[0])
        return err_set(e, "the map is %zux%zu, its mask %zux%zu", map->dim[1], map->dim[0], mask->width,
                       mask->height);
    uint32_t kind = ev->image[ev->images - 1].kind;
    size_t regions;
    ev->defective = workspace(ev->defective, &ev->workspace, mask->width * mask->height, 1);
    if (take_mask(ev->defective, mask) && kind == KIND_GOOD)
        return err_set(e, "label 0 (good), but its mask shows a defect");
    if (!pixels_add(&ev->pixels, ev->score, ev->defective, mask->height, mask->width, kind, &regions, e))
        return false;
    ev->mask_empty = regions == 0;
    return true;
}

bool evaluation_mask_empty(const struct evaluation *ev)
{
    return ev->mask_empty;
}

static int by_score_descending(const void *a, const void *b)
{
    double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return (x < y) - (x > y);
}

static bool in_row(const struct evaluation_row *row, const struct scored *image)
{
    return row->kind == KIND_ALL || image->kind == row->kind || image->kind == KIND_GOOD;
}

/* ev->image is sorted. curve: NULL or where the points go. */
static void measure_images(struct evaluation_row *row, const struct evaluation *ev, struct curve *curve)
{
    struct ranking *r = &row->image;
    for (size_t i = 0; i < ev->images; i++) {
        bool present = in_row(row, &ev->image[i]), good = ev->image[i].kind == KIND_GOOD;
        r->positives += present && !good;
        r->negatives += present && good;
    }
    row->images = r->positives + r->negatives;
    for (size_t i = 0, end; i < ev->images; i = end) {
        size_t count[2] = {0, 0};
        for (end = i; end < ev->images && ev->image[end].score == ev->image[i].score; end++)
            if (in_row(row, &ev->image[end]))
                count[ev->image[end].kind == KIND_GOOD]++;
        if (count[0] + count[1] == 0)
            continue;
        ranking_add(r, ev->image[i].score, count[0], count[1]);
        if (curve && r->positives && r->negatives)
            curve_add(curve, (struct curve_point){.threshold = ev->image[i].score,
                                                  .fpr = (double)r->fp / (double)r->negatives,
                                                  .tpr = (double)r->tp / (double)r->positives});
    }
    if (curve)
        curve_end(curve);
}

/* The pixels of all rows at once. */
static void measure_pixels(struct evaluation *ev, struct evaluation_row *row, size_t n, double limit,
                           bool curves)
{
    struct pixel_row *pixel = xcalloc(n, sizeof *pixel);
    for (size_t i = 0; i < n; i++)
        pixel[i] = (struct pixel_row){.kind = row[i].kind, .curve = curves ? &row[i].pixel_curve : NULL};
    pixels_sort(&ev->pixels);
    pixels_measure(&ev->pixels, pixel, n, limit);
    for (size_t i = 0; i < n; i++)
        row[i].pixel = pixel[i].metrics;
    free(pixel);
}

static int by_defect(const void *a, const void *b)
{
    return strcmp(((const struct evaluation_row *)a)->defect, ((const struct evaluation_row *)b)->defect);
}

struct evaluation_row *evaluation_measure(struct evaluation *ev, double limit, bool curves, size_t points,
                                          size_t *n)
{
    *n = ev->kinds ? ev->kinds : 1;
    struct evaluation_row *row = xcalloc(*n, sizeof *row);
    for (size_t i = 0; i + 1 < *n; i++)
        row[i] = (struct evaluation_row){.defect = ev->kind[i + 1], .kind = (uint32_t)i + 1};
    row[*n - 1] = (struct evaluation_row){.defect = "all", .kind = KIND_ALL};
    qsort(row, *n - 1, sizeof *row, by_defect);
    for (size_t i = 0; i < *n && curves; i++) {
        row[i].image_curve = curve_new(points);
        row[i].pixel_curve = curve_new(points);
    }
    if (ev->images)
        qsort(ev->image, ev->images, sizeof *ev->image, by_score_descending);
    for (size_t i = 0; i < *n; i++)
        measure_images(&row[i], ev, curves ? &row[i].image_curve : NULL);
    measure_pixels(ev, row, *n, limit, curves);
    return row;
}

void evaluation_rows_free(struct evaluation_row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        curve_free(&row[i].image_curve);
        curve_free(&row[i].pixel_curve);
    }
    free(row);
}

void evaluation_free(struct evaluation *ev)
{
    for (size_t i = 0; i < ev->kinds; i++)
        free(ev->kind[i]);
    free(ev->kind);
    free(ev->image);
    free(ev->defective);
    free(ev->converted);
    pixels_free(&ev->pixels);
    *ev = (struct evaluation){0};
}
