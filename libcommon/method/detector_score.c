/* Scoring: the model, then image by image its map and its score. */
#include "base/err.h"
#include "base/mem.h"
#include "base/progress.h"
#include "method/detector_parts.h"
#include "method/features.h"
#include "method/scores.h"
#include "stream/identity.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scorer scorer_of(const struct detector *d, void *model)
{
    struct scorer s = {.d = d, .model = model};
    if (d->grid)
        s.rules = d->rules(model);
    return s;
}

/* At least n floats; what was in them goes. */
static void grow(float **p, size_t *room, size_t n, const char *what)
{
    if (n <= *room)
        return;
    free(*p);
    *p = NULL;
    mem_need(n * sizeof **p, what);
    *p = xaligned(n, sizeof **p);
    *room = n;
}

double scorer_score(struct scorer *s, const struct taps *image, struct map_size size)
{
    if (!size.width)
        return s->d->score(s->model, image, NULL, (struct map_size){0});
    const struct map_size grid = s->d->grid(s->model, size);
    grow(&s->distance, &s->distances, grid.width * grid.height, "the distances of an image");
    grow(&s->map, &s->pixels, size.width * size.height, "an anomaly map");
    const double own = s->d->score(s->model, image, s->distance, grid);
    return anomaly_map(s->map, size, s->distance, grid, &s->rules, own);
}

void scorer_free(struct scorer *s)
{
    free(s->distance);
    free(s->map);
}

/* A scoring on its way. */
struct scoring {
    struct detector_run *run;
    struct safetensors file;
    struct calibration calibration;
    void *model;
    struct scorer scorer;
    struct identity identity;
    char *where;          /* its */
    struct map_size size; /* of the maps: asked for, now or in the fit */
    struct score_writer *out;
    struct progress progress;
};

struct detector_key detector_key(const struct setting *s)
{
    struct detector_key key;
    snprintf(key.text, sizeof key.text, "%s%s", identity_has(s->name) ? "own_" : "", s->name);
    return key;
}

/* What the file says of a setting that the model keeps, into the options, unless the command line overrides it. */
static void recall(struct detector_run *run, const struct note *meta, const char *path, size_t row)
{
    const struct setting *is = &run->d->settings[row];
    const struct detector_key key = detector_key(is);
    const char *text = note_get(meta, key.text);
    const bool given = run->settings.given >> row & 1;
    struct err e;
    if (!text && is->kind != SETTING_FLAG && is->kind != SETTING_TEXT && is->kind != SETTING_WORD)
        die("%s: no %s= in it: fit it again", path, key.text);
    if (!text)
        return;
    void *kept = xcalloc(1, run->d->options_size);
    memcpy(kept, run->d->defaults, run->d->options_size);
    if (!setting_parse(kept, is, text, &e))
        die("%s: %s=%s: %s", path, key.text, text, e.text);
    if (given && !(is->use & DETECTOR_MERGED) && !setting_equal(kept, run->options, is))
        warning("%s: its thresholds were found with %s %s", path, setting_name(is).text, text);
    if (!given)
        setting_read(run->options, is, text);
    free(kept);
}

void detector_recall(struct detector_run *run, const struct note *meta, const char *path, unsigned use)
{
    for (size_t i = 0; run->d->settings[i].name; i++)
        if (run->d->settings[i].use & use)
            recall(run, meta, path, i);
}

/* Which of the program's methods the model is of, and what that has for defaults, under what the command line gave. */
static const char *recall_method(struct scoring *s)
{
    struct detector_run *run = s->run;
    const struct settings *set = &run->settings;
    const char *method = note_get(&s->file.meta, "method");
    run->method = NULL;
    for (size_t i = 0; method && run->d->methods && run->d->methods[i]; i++)
        if (strcmp(run->d->methods[i], method) == 0)
            run->method = run->d->methods[i];
    if (!run->method)
        return run->d->name;
    void *given = memcpy(xmalloc(1, run->d->options_size), run->options, run->d->options_size);
    detector_defaults(run);
    for (size_t i = 0; set->table[i].name; i++)
        if (set->given >> i & 1)
            setting_copy(run->options, given, &set->table[i]);
    free(given);
    return run->method;
}

bool detector_recall_size(struct map_size *size, const struct note *meta)
{
    return note_size(meta, "map", &size->width, &size->height);
}

static void recall_size(struct scoring *s)
{
    struct map_size kept = {0};
    const bool has = detector_recall_size(&kept, &s->file.meta);
    s->size = s->run->size.width || !has ? s->run->size : kept;
    if (has && (s->size.width != kept.width || s->size.height != kept.height))
        warning("%s: its thresholds were found with --size %zux%zu", s->run->model, kept.width, kept.height);
}

bool detector_has_maps(const struct detector *d, const struct note *meta)
{
    return d->grid && (!d->maps || note_get(meta, "pixel_threshold"));
}

static bool has_maps(const struct scoring *s)
{
    const struct detector *d = s->run->d;
    const bool maps = detector_has_maps(d, &s->file.meta);
    if (!maps && s->run->size.width)
        die("%s: it was fitted to vectors, which give no maps for --size", s->run->model);
    return maps;
}

static void open_model(struct scoring *s)
{
    struct detector_run *run = s->run;
    const struct detector *d = run->d;
    safetensors_open(&s->file, run->model);
    s->calibration = model_calibration(&s->file.meta, run->model, recall_method(s), has_maps(s));
    calibration_doubt(&s->calibration, run->model);
    detector_recall(run, &s->file.meta, run->model, DETECTOR_KEPT);
    recall_size(s);
    s->model = d->load(&s->file, run->model, run->options);
    s->scorer = scorer_of(d, s->model);
    s->where = xprintf("%s was fitted on", run->model);
    s->identity = (struct identity){.where = s->where, .force = run->force};
    identity_copy(&s->identity.known, &s->file.meta, &s->file.meta);
}

static void begin_scores(struct scoring *s, const struct note *opening)
{
    const struct detector_run *run = s->run;
    char *with = settings_by(run->options, run->d->settings, DETECTOR_SCORE);
    char *by = xprintf("%s " FERN_VERSION " -m%s", run->d->name, with);
    score_writer_begin(s->out, opening, by, &s->calibration);
    free(by);
    free(with);
}

static void score_record(struct scoring *s, struct features *in)
{
    const struct detector_run *run = s->run;
    const bool first = in->taps.n == 0;
    struct map_size size = {0};
    struct err e;
    identity_check(&s->identity, in->reader, in->opening, &in->record.note);
    taps_read(&in->taps, in->reader, &in->record);
    if (first && !run->d->accepts(s->model, &in->taps, &e))
        npys_reader_die(in->reader, "%s: %s", run->model, e.text);
    if (s->calibration.maps)
        size = map_size_of(s->size, in->reader, &in->record);
    const double score = scorer_score(&s->scorer, &in->taps, size);
    if (!isfinite(score))
        npys_reader_die(in->reader,
                        "the score is not a finite number: are the features absurd, or is %s damaged?",
                        run->model);
    score_write(s->out, &in->record.note, score, s->scorer.map, size);
    progress_add(&s->progress, 1);
}

void detector_score(struct detector_run *run)
{
    struct scoring s = {.run = run, .progress = progress_start("images", 0)};
    struct features in = features_of(run->features, run->features_n);
    struct image_network network;
    s.out = score_writer_new(run->table);
    open_model(&s);
    if (run->d->network && run->d->network(run->options, &network))
        in.network = &network;
    for (bool begun = false; features_stream(&in); begun = true) {
        if (!begun)
            begin_scores(&s, in.opening);
        while (features_record(&in))
            score_record(&s, &in);
    }
    score_writer_end(s.out);
    progress_end(&s.progress);
    notice("%s: %zu images, peak memory %.0f MB", run->model, s.progress.done, (double)mem_peak() / 1e6);
    features_free(&in);
    scorer_free(&s.scorer);
    run->d->free(s.model);
    safetensors_free(&s.file);
    identity_free(&s.identity);
    free(s.where);
}
