#include "report/outcome.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "stream/companion.h"
#include "stream/npys.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A stream while it is read. */
struct reading {
    struct outcome *o;
    struct npys_reader *reader;
    struct companion masks;
    size_t capacity[4];   /* of image_name, kind, score, defective */
    size_t with, without; /* a map */
};

static double number_of(const struct outcome *o, const char *label, const char *key)
{
    const char *text = note_get(&o->opening, key);
    char *end;
    const double x = text ? strtod(text, &end) : NAN;
    if (!text || *end || !isfinite(x))
        die("%s: no %s= in its opening note: is it a stream of maps, as patchcore -m writes it?", label, key);
    return x;
}

static void read_opening(struct reading *r, const char *label)
{
    struct outcome *o = r->o;
    note_copy(&o->opening, npys_opening(r->reader));
    const char *stream = note_get(&o->opening, "stream");
    if (stream && strcmp(stream, "maps") != 0)
        die("%s: is a stream of %s, not of maps", label, stream);
    o->threshold = number_of(o, label, "threshold");
    o->pixel_threshold =
        note_get(&o->opening, "pixel_threshold") ? number_of(o, label, "pixel_threshold") : NAN;
}

static void keep(struct reading *r, const struct note *note)
{
    struct outcome *o = r->o;
    const struct scored *last = &o->evaluation.image[o->evaluation.images - 1];
    const char *name = note_get(note, "name");
    const size_t n = o->images++;
    o->image_name = xgrow(o->image_name, n, &r->capacity[0], sizeof *o->image_name);
    o->kind = xgrow(o->kind, n, &r->capacity[1], sizeof *o->kind);
    o->score = xgrow(o->score, n, &r->capacity[2], sizeof *o->score);
    o->defective = xgrow(o->defective, n, &r->capacity[3], sizeof *o->defective);
    o->image_name[n] = xstrdup(name ? name : "");
    o->kind[n] = o->evaluation.kind[last->kind];
    o->score[n] = last->score;
    o->defective[n] = last->kind != KIND_GOOD;
    if (o->defective[n]) {
        o->counts.defective++;
        o->counts.found += last->score >= o->threshold;
    } else {
        o->counts.good++;
        o->counts.alarms += last->score >= o->threshold;
    }
}

/* The map and its mask join the pixels; the evaluation has made both plain. */
static void take_map(struct reading *r, const struct tensor *map, const struct image *mask)
{
    struct err e;
    struct evaluation *ev = &r->o->evaluation;
    if (!evaluation_add_map(ev, map, mask ? &mask->raster : NULL, &e))
        npys_reader_die(r->reader, "%s", e.text);
    if (mask)
        pixel_summary_add(r->o->pixels, ev->score, ev->defective, map->dim[0], map->dim[1],
                          r->o->defective[r->o->images - 1]);
}

static void take(struct reading *r, const struct npys_record *rec, const struct outcome_watcher *watcher)
{
    struct err e;
    const struct note *note = &rec->note;
    if (!evaluation_add(&r->o->evaluation, note_get(note, "label"), note_get(note, "defect"),
                        note_get(note, "score"), &e))
        npys_reader_die(r->reader, "%s", e.text);
    if (rec->n > 1)
        npys_reader_die(r->reader, "has %zu arrays, not one map", rec->n);
    keep(r, note);
    const struct image *mask = companion_next(&r->masks, r->reader, note);
    if (rec->n)
        take_map(r, &rec->array[0], mask);
    r->with += rec->n == 1;
    r->without += rec->n == 0;
    if (r->with && r->without)
        npys_reader_die(r->reader, "records with and without maps in one stream");
    struct outcome_record seen = {.reader = r->reader, .note = note, .mask = mask};
    if (rec->n) {
        seen.map = r->o->evaluation.score;
        seen.height = rec->array[0].dim[0];
        seen.width = rec->array[0].dim[1];
    }
    if (watcher)
        watcher->see(watcher->watcher, &seen);
}

static void measure(struct outcome *o, bool pixels)
{
    o->row = evaluation_measure(&o->evaluation, OUTCOME_FPR_LIMIT, true, OUTCOME_CURVE_POINTS, &o->rows);
    if (pixels) {
        pixel_summary_end(o->pixels);
    } else {
        pixel_summary_free(o->pixels);
        o->pixels = NULL;
    }
}

void outcome_read(struct outcome *o, const char *name, const char *path, const char *masks,
                  const struct outcome_watcher *watcher)
{
    FILE *f = file_open(path);
    struct npys_record rec = {0};
    *o = (struct outcome){.name = name, .pixels = pixel_summary_new()};
    struct reading r = {.o = o, .reader = npys_reader_new(f, file_label(path))};
    struct progress progress = progress_start("images", 0);
    read_opening(&r, file_label(path));
    r.masks = companion_open(masks, "mask");
    while (npys_read(r.reader, &rec)) {
        take(&r, &rec, watcher);
        progress_add(&progress, 1);
    }
    progress_end(&progress);
    companion_close(&r.masks);
    if (o->images == 0)
        die("%s: holds no image", file_label(path));
    measure(o, masks && r.with);
    npys_record_free(&rec);
    npys_reader_free(r.reader);
    file_close(f);
}

void outcome_compare(const struct outcome *a, const struct outcome *b)
{
    if (a->images != b->images)
        die("%s has %zu images, %s has %zu: the runs are of different sets", a->name, a->images, b->name,
            b->images);
    for (size_t i = 0; i < a->images; i++)
        if (strcmp(a->image_name[i], b->image_name[i]) != 0 || strcmp(a->kind[i], b->kind[i]) != 0)
            die("image %zu is %s (%s) in %s, and %s (%s) in %s: the runs are of different sets", i + 1,
                a->image_name[i], a->kind[i], a->name, b->image_name[i], b->kind[i], b->name);
}

const struct evaluation_row *outcome_all(const struct outcome *o)
{
    return &o->row[o->rows - 1];
}

double outcome_auroc(const struct outcome *o)
{
    return ranking_auroc(&outcome_all(o)->image);
}

struct counts outcome_kind(const struct outcome *o, const char *kind)
{
    struct counts c = {0};
    for (size_t i = 0; i < o->images; i++)
        if (o->defective[i] && strcmp(o->kind[i], kind) == 0) {
            c.defective++;
            c.found += o->score[i] >= o->threshold;
        }
    return c;
}

void outcome_free(struct outcome *o)
{
    for (size_t i = 0; i < o->images; i++)
        free(o->image_name[i]);
    free(o->image_name);
    free(o->kind);
    free(o->score);
    free(o->defective);
    evaluation_rows_free(o->row, o->rows);
    evaluation_free(&o->evaluation);
    if (o->pixels)
        pixel_summary_free(o->pixels);
    note_clear(&o->opening);
}
