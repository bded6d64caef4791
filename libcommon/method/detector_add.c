/* Going on from a model: its settings, its left-out scores, who was added. */
#include "base/err.h"
#include "base/mem.h"
#include "method/detector_parts.h"
#include "stream/identity.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct detector_old detector_old_open(struct detector_run *run)
{
    const struct detector *d = run->d;
    struct detector_old old = {.path = run->add, .where = xprintf("%s was fitted on", run->add)};
    safetensors_open(&old.file, run->add);
    const struct note *meta = &old.file.meta;
    old.calibration = model_calibration(meta, run->add, d->name, detector_has_maps(d, meta));
    old.images = (size_t)model_number(meta, run->add, "images");
    detector_recall(run, meta, run->add, DETECTOR_KEPT | DETECTOR_ADDED);
    detector_recall_size(&run->size, meta);
    if (isnan(run->quantile))
        run->quantile = model_number(meta, run->add, "quantile");
    if (!(run->quantile >= 0 && run->quantile <= 1))
        die("%s: quantile=%s is not in 0..1", run->add, note_get(meta, "quantile"));
    old.model = d->load(&old.file, run->add, run->options);
    old.scorer = scorer_of(d, old.model);
    old.unseen = normals_new();
    return old;
}

void detector_old_score(struct detector_old *old, const struct taps *image, struct map_size size)
{
    const double score = scorer_score(&old->scorer, image, size);
    normals_add(old->unseen, score, old->scorer.map, size.width * size.height);
    old->defects += (float)score >= old->calibration.threshold;
}

/* by= is lines: the old ones, then the one that is there. */
static void join_by(struct note *meta, const struct detector_old *old)
{
    char *by = xstrdup(note_get(meta, "by"));
    note_remove(meta, "by");
    for (size_t i = 0; i < old->file.meta.n; i++)
        if (strcmp(old->file.meta.pair[i].key, "by") == 0)
            note_add(meta, "by", old->file.meta.pair[i].value);
    note_add(meta, "by", by);
    free(by);
}

void detector_old_note(struct note *meta, const struct detector_old *old, size_t images, const char *label)
{
    const char *before = old ? note_get(&old->file.meta, "added") : NULL;
    char *last = label ? xprintf("%zu %s", images, label) : xprintf("%zu", images);
    if (before)
        note_setf(meta, "added", "%s | %s", before, last);
    else if (old)
        note_setf(meta, "added", "%zu | %s", old->images, last);
    else if (label)
        note_set(meta, "added", last);
    free(last);
    if (old)
        join_by(meta, old);
}

void detector_old_close(struct detector_old *old, const struct detector *d)
{
    if (!old->path)
        return;
    scorer_free(&old->scorer);
    d->free(old->model);
    normals_free(old->unseen);
    safetensors_free(&old->file);
    free(old->where);
}
