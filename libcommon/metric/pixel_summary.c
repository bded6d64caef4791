/* Counts of pixels by score, image by image. An image is first a list of cells, one a distinct key (the upper bits of what
 * floats sort descending by), then three rows of SUMMARY_LEVELS counts. Figures of these are in pixel_figures.c. */
#include "metric/pixel_summary.h"
#include "base/mem.h"
#include "metric/components.h"
#include "metric/pixel_summary_parts.h"
#include "metric/radix.h"
#include <stdlib.h>
#include <string.h>

#define KEY_BITS 20 /* sign, 8 of the exponent, 11 of the mantissa */
#define KEYS ((size_t)1 << KEY_BITS)

static uint32_t key_of(float score)
{
    return radix_key_descending(score) >> (32 - KEY_BITS);
}

/* Pixels of one image with one key. */
struct cell {
    uint32_t key;
    float sound, region,
        overlap; /* as in struct level_counts; counts are below 2^24 in images below 4096 x 4096, and exact */
};

struct cells {
    struct cell *cell; /* ascending keys, so scores fall */
    size_t n, capacity;
};

/* Tables over all keys, and a mask's components: made for the first image, gone with pixel_summary_end. */
struct summary_work {
    struct cell *of_key;     /* KEYS, all zero between images */
    double *sound, *overlap; /* KEYS: of all images */
    struct cells *image;
    size_t image_capacity, flag_capacity;
    uint32_t *label, *pixels; /* of the mask; of each of its components */
    size_t label_capacity, pixels_capacity;
};

struct pixel_summary *pixel_summary_new(void)
{
    struct pixel_summary *s = xcalloc(1, sizeof *s);
    s->work = xcalloc(1, sizeof *s->work);
    s->work->of_key = xcalloc(KEYS, sizeof *s->work->of_key);
    s->work->sound = xcalloc(KEYS, sizeof *s->work->sound);
    s->work->overlap = xcalloc(KEYS, sizeof *s->work->overlap);
    return s;
}

static void *at_least(void *p, size_t n, size_t *capacity, size_t size)
{
    if (n <= *capacity)
        return p;
    *capacity = n;
    return xrealloc(p, n, size);
}

/* Labels the regions and counts their pixels; their number. */
static size_t find_regions(struct summary_work *w, const unsigned char *mask, size_t height, size_t width)
{
    w->label = at_least(w->label, height * width, &w->label_capacity, sizeof *w->label);
    const size_t regions = components_label(w->label, mask, height, width);
    w->pixels = at_least(w->pixels, regions + 1, &w->pixels_capacity, sizeof *w->pixels);
    memset(w->pixels, 0, (regions + 1) * sizeof *w->pixels);
    for (size_t i = 0; i < height * width; i++)
        w->pixels[w->label[i]]++;
    return regions;
}

/* The cells that are in use, from [first, last] of the table, which is zero again. */
static struct cells gather(struct summary_work *w, size_t first, size_t last)
{
    struct cells list = {NULL, 0, 0};
    for (size_t k = first; k <= last; k++) {
        struct cell *c = &w->of_key[k];
        if (c->sound == 0 && c->region == 0)
            continue;
        list.cell = xgrow(list.cell, list.n, &list.capacity, sizeof *list.cell);
        list.cell[list.n] = *c;
        list.cell[list.n++].key = (uint32_t)k;
        w->sound[k] += (double)c->sound;
        w->overlap[k] += (double)c->overlap;
        *c = (struct cell){0};
    }
    list.cell = xrealloc(list.cell, list.n, sizeof *list.cell);
    return list;
}

void pixel_summary_add(struct pixel_summary *s, const float *map, const unsigned char *mask, size_t height,
                       size_t width, bool defective)
{
    struct summary_work *w = s->work;
    const size_t n = height * width, regions = find_regions(w, mask, height, width);
    size_t first = KEYS - 1, last = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t key = key_of(map[i]), region = w->label[i];
        struct cell *c = &w->of_key[key];
        first = key < first ? key : first;
        last = key > last ? key : last;
        c->sound += region == 0 ? 1.0f : 0.0f;
        c->region += region != 0 ? 1.0f : 0.0f;
        c->overlap += region != 0 ? 1.0f / (float)w->pixels[region] : 0.0f;
    }
    w->image = xgrow(w->image, s->images, &w->image_capacity, sizeof *w->image);
    w->image[s->images] = gather(w, first, last);
    s->defective = at_least(s->defective, s->images + 1, &w->flag_capacity, 1);
    s->regions = xrealloc(s->regions, s->images + 1, sizeof *s->regions);
    s->regions[s->images] = (uint32_t)regions;
    s->defective[s->images++] = defective;
}

/* The level of each key, by the middle of what it holds of both classes together: a level holds about 1 / SUMMARY_LEVELS of
 * that, or what its one large key does. */
static uint16_t *choose_levels(const struct summary_work *w)
{
    uint16_t *level = xmalloc(KEYS, sizeof *level);
    double sound = 0, overlap = 0, share = 0;
    for (size_t k = 0; k < KEYS; k++) {
        sound += w->sound[k];
        overlap += w->overlap[k];
    }
    const double each = 1.0 / ((sound > 0) + (overlap > 0));
    for (size_t k = 0; k < KEYS; k++) {
        const double own =
            (sound > 0 ? w->sound[k] / sound * each : 0) + (overlap > 0 ? w->overlap[k] / overlap * each : 0);
        const size_t at = (size_t)((share + own / 2) * SUMMARY_LEVELS);
        level[k] = (uint16_t)(at < SUMMARY_LEVELS ? at : SUMMARY_LEVELS - 1);
        share += own;
    }
    return level;
}

static void count_levels(struct pixel_summary *s, size_t image, const uint16_t *level)
{
    const struct cells *list = &s->work->image[image];
    struct level_counts *counts = s->counts[image] = xcalloc(1, sizeof *counts);
    for (size_t i = 0; i < list->n; i++) {
        const struct cell *c = &list->cell[i];
        counts->sound[level[c->key]] += c->sound;
        counts->region[level[c->key]] += c->region;
        counts->overlap[level[c->key]] += c->overlap;
    }
}

static void work_free(struct summary_work *w, size_t images)
{
    if (!w)
        return;
    for (size_t i = 0; i < images; i++)
        free(w->image[i].cell);
    free(w->image);
    free(w->of_key);
    free(w->sound);
    free(w->overlap);
    free(w->label);
    free(w->pixels);
    free(w);
}

void pixel_summary_end(struct pixel_summary *s)
{
    uint16_t *level = choose_levels(s->work);
    s->counts = xcalloc(s->images, sizeof *s->counts);
    for (size_t i = 0; i < s->images; i++)
        count_levels(s, i, level);
    free(level);
    work_free(s->work, s->images);
    s->work = NULL;
}

void pixel_summary_free(struct pixel_summary *s)
{
    work_free(s->work, s->images);
    for (size_t i = 0; i < s->images && s->counts; i++)
        free(s->counts[i]);
    free(s->counts);
    free(s->regions);
    free(s->defective);
    free(s);
}
