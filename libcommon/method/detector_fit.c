/* Fitting: all images to the method, thresholds by those that the model has not seen, the model file. */
#include "base/err.h"
#include "base/mem.h"
#include "base/product.h"
#include "base/progress.h"
#include "base/thread.h"
#include "method/detector_parts.h"
#include "method/features.h"
#include "stream/identity.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A fit on its way. */
struct fitting {
    struct detector_run *run;
    void *fit; /* the detector's; NULL until the first image */
    struct tap_store *held;
    struct identity identity;
    struct product *out;     /* tried before the first image is read */
    struct note opening;     /* of the first stream */
    struct safetensors file; /* the model */
    struct map_size size;    /* of the maps that set the threshold: the first record's; {0}: there are none */
    size_t images;
    struct detector_old old; /* with --add; images are the new ones */
    struct progress progress;
};

/* Every HELD_EVERY-th, where the method can't leave out. */
static bool is_held(const struct fitting *f)
{
    return !f->run->d->left_out && f->images % HELD_EVERY == HELD_EVERY - 1;
}

static void begin(struct fitting *f, struct features *in)
{
    const struct detector_run *run = f->run;
    struct err e;
    if (run->d->grid && (!run->d->maps || run->d->maps(&in->taps)))
        f->size = map_size_of(run->size, in->reader, &in->record);
    else if (run->size.width)
        npys_reader_die(in->reader, "--size: vectors give no maps");
    if (run->d->places && note_get(&in->record.note, "tile"))
        warning("%s compares like places of images, and tiles are of any place: patchcore does not",
                run->d->name);
    note_copy(&f->opening, in->opening);
    in->taps.arch = note_get(&f->opening, "arch");
    if (run->add && !run->d->accepts(f->old.model, &in->taps, &e))
        npys_reader_die(in->reader, "%s: %s", run->add, e.text);
    f->fit = run->add ? run->d->resume(&f->old.file, run->add, run->options, &in->taps)
                      : run->d->begin(run->options, &in->taps);
    f->held = run->d->left_out ? NULL : tap_store_new("held images", DT_F32);
}

static void fit_record(struct fitting *f, struct features *in)
{
    identity_check(&f->identity, in->reader, in->opening, &in->record.note);
    identity_copy(&f->file.meta, in->opening, &in->record.note);
    taps_read(&in->taps, in->reader, &in->record);
    if (!f->fit)
        begin(f, in);
    if (f->run->add)
        detector_old_score(&f->old, &in->taps, f->size);
    if (is_held(f))
        tap_store_add(f->held, &in->taps);
    else
        f->run->d->take(f->fit, &in->taps);
    f->images++;
    progress_add(&f->progress, 1);
}

/* Images whose maps are made together, then counted one after the other. */
enum { BATCH = 16 };

struct batch {
    struct map_size size, grid;
    struct map_rules rules;
    float *distance, *map; /* BATCH of them each; NULL: no maps */
    double score[BATCH];
};

static void finish_one(void *arg, size_t task, size_t worker)
{
    struct batch *b = arg;
    const size_t pixels = b->size.height * b->size.width;
    (void)worker;
    b->score[task] =
        anomaly_map(b->map + task * pixels, b->size, b->distance + task * b->grid.height * b->grid.width,
                    b->grid, &b->rules, b->score[task]);
}

static double distances_of(const struct detector *d, void *model, struct tap_store *held, size_t i,
                           float *distance, struct map_size grid)
{
    return held ? d->score(model, tap_store_read(held, i), distance, grid) : d->left_out(model, i, distance);
}

static struct batch batch_of(const struct detector *d, void *model, struct map_size size)
{
    struct batch b = {.size = size};
    if (!size.width)
        return b;
    b.grid = d->grid(model, size);
    b.rules = d->rules(model);
    const size_t pixels = size.height * size.width, cells = b.grid.height * b.grid.width;
    mem_need(BATCH * (pixels + cells) * sizeof *b.map, "the training images' maps");
    b.map = xaligned(BATCH * pixels, sizeof *b.map);
    b.distance = xaligned(BATCH * cells, sizeof *b.distance);
    return b;
}

static size_t unseen_images(const struct detector *d, void *model, struct tap_store *held)
{
    return held ? tap_store_images(held) : d->left_out_images(model);
}

/* Adds the images that the model has not seen, or as if. size {0}: there are no maps. */
static void score_unseen(struct normals *normals, const struct detector *d, void *model,
                         struct tap_store *held, struct map_size size)
{
    const size_t images = unseen_images(d, model, held);
    struct batch b = batch_of(d, model, size);
    const size_t pixels = b.map ? size.height * size.width : 0, cells = b.grid.height * b.grid.width;
    struct progress progress = progress_start("training images scored", images);
    for (size_t first = 0; first < images; first += BATCH) {
        const size_t n = images - first < BATCH ? images - first : BATCH;
        for (size_t i = 0; i < n; i++) {
            b.score[i] =
                distances_of(d, model, held, first + i, b.map ? b.distance + i * cells : NULL, b.grid);
            progress_add(&progress, 1);
        }
        if (b.map)
            pool_run(n, finish_one, &b);
        for (size_t i = 0; i < n; i++)
            normals_add(normals, b.score[i], b.map ? b.map + i * pixels : NULL, pixels);
    }
    progress_end(&progress);
    free(b.map);
    free(b.distance);
}

/* Threshold and scale, and for a fit that goes on from this one their scores. */
static struct calibration calibrate(struct fitting *f, void *model)
{
    const struct detector *d = f->run->d;
    struct normals *normals = normals_new();
    score_unseen(normals, d, model, f->held, f->size);
    if (f->run->add && unseen_images(d, model, f->held) <= f->images)
        normals_recall(normals, &f->old.file.meta, f->run->add, &f->old.calibration, f->old.unseen);
    if (d->resume) {
        normals_keep(normals, &f->file.meta);
        note_setf(&f->file.meta, "quantile", "%.17g", f->run->quantile);
    }
    return normals_calibrate(normals, f->run->quantile);
}

/* This program's entry in by=. */
static char *by_of(const struct detector_run *run)
{
    if (run->add)
        return xprintf("%s " FERN_VERSION " --add --quantile %.9g", run->d->name, run->quantile);
    char *with = settings_by(run->options, run->d->settings, DETECTOR_FIT);
    char *size =
        run->size.width ? xprintf(" --size %zux%zu", run->size.width, run->size.height) : xstrdup("");
    char *by =
        xprintf("%s " FERN_VERSION "%s%s%s --quantile %.9g%s", run->d->name, run->method ? " --method " : "",
                run->method ? run->method : "", with, run->quantile, size);
    free(size);
    free(with);
    return by;
}

void detector_keep(struct detector_run *run, void *model, struct safetensors *file, size_t images)
{
    struct note *meta = &file->meta;
    for (const struct setting *s = run->d->settings; s->name; s++)
        if (s->use & (DETECTOR_KEPT | DETECTOR_ADDED) && setting_is_set(run->options, s)) {
            char *value = setting_text(run->options, s);
            note_set(meta, detector_key(s).text, value);
            free(value);
        }
    note_setf(meta, "images", "%zu", images);
    if (run->size.width)
        note_setf(meta, "map", "%zux%zu", run->size.width, run->size.height);
    run->d->save(model, file);
}

static void write_model(struct fitting *f, void *model, const struct calibration *c)
{
    struct detector_run *run = f->run;
    struct note *meta = &f->file.meta;
    const size_t images = f->old.images + f->images;
    char *by = by_of(run), text[100];
    if (f->held)
        note_setf(meta, "held", "%zu", tap_store_images(f->held));
    detector_keep(run, model, &f->file, images);
    model_describe(meta, run->method ? run->method : run->d->name, &f->opening, by, c);
    detector_old_note(meta, run->add ? &f->old : NULL, f->images, run->label);
    safetensors_write_product(&f->file, product_tried(f->out, run->output));
    run->d->describe(model, text);
    notice("%s: %zu images, %s, threshold %.6g, peak memory %.0f MB", run->output, images, text,
           (double)c->threshold, (double)mem_peak() / 1e6);
    if (run->add)
        notice("%s: %zu of the %zu new images reach its threshold", run->add, f->old.defects, f->images);
    free(by);
}

static void finish(struct fitting *f)
{
    const struct detector *d = f->run->d;
    const struct detector_end with = {f->run->output, f->held};
    const size_t least = f->run->add ? 1 : d->images_min;
    if (f->images < least)
        die("%zu images; a fit needs %zu or more", f->images, least);
    void *model = d->end(f->fit, &with);
    const struct calibration c = calibrate(f, model);
    calibration_doubt(&c, f->run->output);
    write_model(f, model, &c);
    d->free(model);
}

/* What is known before the first image. */
static void open_old(struct fitting *f)
{
    if (!f->run->add) {
        f->run->quantile = isnan(f->run->quantile) ? NORMALS_QUANTILE : f->run->quantile;
        return;
    }
    f->old = detector_old_open(f->run);
    f->identity.where = f->old.where;
    identity_copy(&f->identity.known, &f->old.file.meta, &f->old.file.meta);
    identity_copy(&f->file.meta, &f->old.file.meta, &f->old.file.meta);
}

void detector_fit(struct detector_run *run)
{
    struct fitting f = {.run = run,
                        .out = product_try(run->output),
                        .identity = {.where = "those before have", .force = run->force},
                        .progress = progress_start("images", 0)};
    struct features in = features_of(run->features, run->features_n);
    struct image_network network;
    open_old(&f);
    if (run->d->open)
        run->d->open(run->options, run->output);
    if (run->d->network && run->d->network(run->options, &network))
        in.network = &network;
    while (features_stream(&in))
        while (features_record(&in))
            fit_record(&f, &in);
    progress_end(&f.progress);
    features_free(&in);
    finish(&f);
    tap_store_free(f.held);
    safetensors_free(&f.file);
    note_clear(&f.opening);
    detector_old_close(&f.old, run->d);
    identity_free(&f.identity);
}
