/* Models become one (--merge), each fitted to other images:
 *
 *     open    their features are alike (stream/identity.h), and so are the settings that they keep
 *     merge   the detector's: what they know becomes one
 *     scores  those that each keeps, as if all had been left out of one model; or of --normal, images that none has seen, by what
 *             came out
 *     write   images, by= and added= of all */
#include "base/err.h"
#include "base/mem.h"
#include "method/detector_parts.h"
#include "method/features.h"
#include "stream/identity.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct merging {
    struct detector_run *run;
    struct detector_part *part;
    size_t n;                /* of them, so far */
    struct normals *normals; /* that set the threshold */
    size_t images;
    struct safetensors file;
};

/* Dies where the last part has another `key` than the first. */
static void agree(const struct merging *g, const char *key)
{
    const struct detector_part *p = &g->part[g->n - 1];
    const char *first = note_get(&g->part->file.meta, key), *here = note_get(&p->file.meta, key);
    if ((first || here) && (!first || !here || strcmp(first, here) != 0))
        die("%s: %s=%s, but %s has %s=%s", p->path, key, here ? here : "", g->part->path, key,
            first ? first : "");
}

static void check_settings(const struct merging *g)
{
    const struct settings *own = &g->run->settings;
    for (size_t i = 0; own->table[i].name; i++)
        if (own->table[i].use & (DETECTOR_KEPT | DETECTOR_ADDED) && !(own->given >> i & 1))
            agree(g, detector_key(&own->table[i]).text);
    agree(g, "map");
}

/* The identity keys of all so far are the new file's. */
static void check_identity(struct merging *g)
{
    const struct detector_part *p = &g->part[g->n - 1];
    const struct note *meta = &p->file.meta;
    struct identity_difference d;
    struct note known = {0};
    note_copy(&known, &g->file.meta);
    while (identity_differs(&d, &known, meta, meta)) {
        if (!g->run->force)
            die("%s: fitted on %s=%s, but those before on %s=%s: fit it on features of %s, or give --force",
                p->path, d.key, d.here, d.key, d.known, d.mend);
        warning("%s: fitted on %s=%s, but those before on %s=%s", p->path, d.key, d.here, d.key, d.known);
        note_remove(&known, d.key);
    }
    note_clear(&known);
    identity_copy(&g->file.meta, meta, meta);
}

static double quantile_of(const struct detector_part *p)
{
    return model_number_within(&p->file.meta, p->path, "quantile", 0, 1);
}

/* The options are the first's, but for what was given. */
static void recall_first(struct merging *g, bool quantile_given)
{
    const struct detector_part *p = &g->part[0];
    detector_recall(g->run, &p->file.meta, p->path, DETECTOR_KEPT | DETECTOR_ADDED);
    detector_recall_size(&g->run->size, &p->file.meta);
    if (!quantile_given)
        g->run->quantile = quantile_of(p);
}

static void open_part(struct merging *g, const char *path, bool quantile_given)
{
    const struct detector *d = g->run->d;
    struct detector_part *p = &g->part[g->n++];
    p->path = path;
    safetensors_open(&p->file, path);
    const struct note *meta = &p->file.meta;
    const struct calibration c = model_calibration(meta, path, d->name, detector_has_maps(d, meta));
    check_identity(g);
    p->images = (size_t)model_number_within(meta, path, "images", 1, UINT32_MAX);
    if (g->n == 1)
        recall_first(g, quantile_given);
    check_settings(g);
    if (!quantile_given && fabs(quantile_of(p) - g->run->quantile) > 0)
        die("%s: its quantile is %g, that of %s %g: give --quantile", path, quantile_of(p), g->part->path,
            g->run->quantile);
    if (!g->run->normal)
        normals_join(g->normals, meta, path, &c);
    g->images += p->images;
}

static void score_normal(struct merging *g, struct scorer *s, struct identity *identity, struct features *in)
{
    const struct detector_run *run = g->run;
    const bool first = in->taps.n == 0;
    struct map_size size = {0};
    struct err e;
    identity_check(identity, in->reader, in->opening, &in->record.note);
    taps_read(&in->taps, in->reader, &in->record);
    if (first && !run->d->accepts(s->model, &in->taps, &e))
        npys_reader_die(in->reader, "%s: %s", g->part->path, e.text);
    if (detector_has_maps(run->d, &g->part->file.meta))
        size = map_size_of(run->size, in->reader, &in->record);
    const double score = scorer_score(s, &in->taps, size);
    normals_add(g->normals, score, s->map, size.width * size.height);
}

/* Images that no part has seen, by the model of all. */
static void score_normals(struct merging *g, void *model)
{
    char *path = xstrdup(g->run->normal);
    struct features in = features_of(&path, 1);
    struct identity identity = {.where = "the models were fitted on", .force = g->run->force};
    struct scorer scorer = scorer_of(g->run->d, model);
    size_t images = 0;
    identity_copy(&identity.known, &g->file.meta, &g->file.meta);
    while (features_stream(&in))
        for (; features_record(&in); images++)
            score_normal(g, &scorer, &identity, &in);
    if (images == 0)
        die("%s: no image to set the threshold by", g->run->normal);
    features_free(&in);
    scorer_free(&scorer);
    identity_free(&identity);
    free(path);
}

/* by= is lines: those of all parts in order, then this program's. */
static void join_by(struct merging *g)
{
    const struct detector_run *run = g->run;
    for (size_t i = 0; i < g->n; i++) {
        const struct note *meta = &g->part[i].file.meta;
        for (size_t k = 0; k < meta->n; k++)
            if (strcmp(meta->pair[k].key, "by") == 0)
                note_add(&g->file.meta, "by", meta->pair[k].value);
    }
    char *with = settings_by(run->options, run->d->settings, DETECTOR_MERGED);
    char *by = xprintf("%s " FERN_VERSION " --merge%s%s --quantile %.9g", run->d->name, with,
                       run->normal ? " --normal" : "", run->quantile);
    note_add(&g->file.meta, "by", by);
    free(by);
    free(with);
}

/* Whose images are in it, part after part. */
static void join_added(struct merging *g)
{
    char *all = NULL;
    for (size_t i = 0; i < g->n; i++) {
        const char *added = note_get(&g->part[i].file.meta, "added");
        char *own = added ? xstrdup(added) : xprintf("%zu", g->part[i].images);
        char *longer = all ? xprintf("%s | %s", all, own) : xstrdup(own);
        free(own);
        free(all);
        all = longer;
    }
    note_set(&g->file.meta, "added", all);
    free(all);
}

static void write_merged(struct merging *g, void *model, struct product *out)
{
    struct detector_run *run = g->run;
    struct note *meta = &g->file.meta;
    char text[100];
    normals_keep(g->normals, meta);
    note_setf(meta, "quantile", "%.17g", run->quantile);
    const struct calibration c = normals_calibrate(g->normals, run->quantile);
    calibration_doubt(&c, run->output);
    detector_keep(run, model, &g->file, g->images);
    note_set(meta, "method", run->d->name);
    calibration_note(meta, &c);
    join_by(g);
    join_added(g);
    safetensors_write_product(&g->file, product_tried(out, run->output));
    run->d->describe(model, text);
    notice("%s: %zu images of %zu models, %s, threshold %.6g, peak memory %.0f MB", run->output, g->images,
           g->n, text, (double)c.threshold, (double)mem_peak() / 1e6);
}

void detector_merge(struct detector_run *run)
{
    struct merging g = {.run = run, .normals = normals_new()};
    const bool quantile_given = !isnan(run->quantile);
    if (run->features_n == 0)
        misuse("--merge needs models");
    struct product *out = product_try(run->output);
    g.part = xcalloc(run->features_n, sizeof *g.part);
    for (size_t i = 0; i < run->features_n; i++)
        open_part(&g, run->features[i], quantile_given);
    void *model = run->d->merge(g.part, g.n, run->options);
    if (run->normal)
        score_normals(&g, model);
    write_merged(&g, model, out);
    run->d->free(model);
    for (size_t i = 0; i < g.n; i++)
        safetensors_free(&g.part[i].file);
    free(g.part);
    safetensors_free(&g.file);
}
