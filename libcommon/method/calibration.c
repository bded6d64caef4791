#include "method/calibration.h"
#include "base/err.h"
#include "base/mem.h"
#include "method/score_list.h"
#include "num/sorted.h"
#include <math.h>
#include <stdlib.h>

struct normal {
    float score, peak;
};

struct normals {
    size_t n, capacity;
    struct normal *image;
    size_t pixels; /* of a map; 0: there are none */
    double sum;    /* of the maps' means */
};

struct normals *normals_new(void)
{
    return xcalloc(1, sizeof(struct normals));
}

void normals_add(struct normals *s, double score, const float *map, size_t n)
{
    float peak = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        peak = map[i] > peak ? map[i] : peak;
        sum += (double)map[i];
    }
    if (!isfinite(score) || !isfinite(sum))
        die("a training image has a score that is not finite");
    s->image = xgrow(s->image, s->n, &s->capacity, sizeof *s->image);
    s->image[s->n++] = (struct normal){(float)score, peak};
    s->pixels = n;
    s->sum += n ? sum / (double)n : 0;
}

/* Sorts values. */
static float quantile_of(float *value, size_t n, double quantile)
{
    sort_f32(value, n);
    return sorted_quantile_f32(value, n, quantile);
}

/* Sorts values, and leaves the kept ones in front. */
static void keep_list(struct note *meta, const char *key, float *value, size_t n)
{
    const size_t kept = n < NORMALS_KEPT ? n : NORMALS_KEPT;
    sort_f32(value, n);
    for (size_t k = 0; k < kept && kept < n; k++)
        value[k] = value[k * (n - 1) / (kept - 1)];
    char *text = score_list_text(n, value, kept);
    note_set(meta, key, text);
    free(text);
}

void normals_keep(const struct normals *s, struct note *meta)
{
    float *value = xmalloc(s->n, sizeof *value);
    for (size_t i = 0; i < s->n; i++)
        value[i] = s->image[i].score;
    keep_list(meta, "left_out_scores", value, s->n);
    for (size_t i = 0; i < s->n; i++)
        value[i] = s->image[i].peak;
    if (s->pixels)
        keep_list(meta, "left_out_peaks", value, s->n);
    free(value);
}

/* n values, as many as the text says there are; free() them. */
static float *recall_list(const struct note *meta, const char *path, const char *key, size_t *n)
{
    const char *text = note_get(meta, key);
    float kept[NORMALS_KEPT];
    struct err e;
    if (!text)
        die("%s: no %s= in it: fit it again", path, key);
    if (!score_list_parse(kept, NORMALS_KEPT, n, key, text, &e))
        die("%s: %s", path, e.text);
    mem_need(*n * sizeof *kept, "the scores of old images");
    float *value = xmalloc(*n, sizeof *value);
    for (size_t i = 0; i < *n; i++)
        value[i] = *n <= NORMALS_KEPT ? kept[i]
                                      : sorted_quantile_f32(kept, NORMALS_KEPT, (double)i / (double)(*n - 1));
    return value;
}

static float median_of(const struct normals *s, bool peaks)
{
    float *value = xmalloc(s->n, sizeof *value);
    for (size_t i = 0; i < s->n; i++)
        value[i] = peaks ? s->image[i].peak : s->image[i].score;
    const float median = quantile_of(value, s->n, .5);
    free(value);
    return median;
}

/* now / before, at most 1; 1 where they say nothing. */
static double part_of(double now, double before)
{
    return now > 0 && before > now ? now / before : 1;
}

/* By what kept scores, peaks and means are multiplied. */
struct parts {
    double score, peak, mean;
};

static void add_kept(struct normals *s, const struct note *meta, const char *path,
                     const struct calibration *c, struct parts part)
{
    size_t n, peaks;
    float *score = recall_list(meta, path, "left_out_scores", &n), *peak = NULL;
    if (c->maps) {
        peak = recall_list(meta, path, "left_out_peaks", &peaks);
        if (peaks != n) {
            free(score);
            free(peak);
            die("%s: left_out_peaks= is of other images than left_out_scores=", path);
        }
        for (size_t i = 0; i < n; i++)
            peak[i] = (float)(peak[i] * part.peak);
        s->sum += (double)c->low * (double)n * part.mean;
    }
    for (size_t i = 0; i < n; i++) {
        s->image = xgrow(s->image, s->n, &s->capacity, sizeof *s->image);
        s->image[s->n++] = (struct normal){(float)(score[i] * part.score), peak ? peak[i] : -INFINITY};
    }
    free(score);
    free(peak);
}

void normals_recall(struct normals *s, const struct note *meta, const char *path, const struct calibration *c,
                    const struct normals *unseen)
{
    const struct parts part = {part_of((double)median_of(s, false), (double)median_of(unseen, false)),
                               c->maps ? part_of((double)median_of(s, true), (double)median_of(unseen, true))
                                       : 1,
                               part_of(s->sum / (double)s->n, unseen->sum / (double)unseen->n)};
    add_kept(s, meta, path, c, part);
}

void normals_join(struct normals *s, const struct note *meta, const char *path, const struct calibration *c)
{
    s->pixels = c->maps; /* any number, where there are some */
    add_kept(s, meta, path, c, (struct parts){1, 1, 1});
}

void normals_free(struct normals *s)
{
    if (s)
        free(s->image);
    free(s);
}

struct calibration normals_calibrate(struct normals *s, double quantile)
{
    struct calibration c = {.maps = s->pixels != 0};
    float *value = xmalloc(s->n, sizeof *value);
    if (s->n == 0)
        die("no normal image to set the threshold by");
    for (size_t i = 0; i < s->n; i++)
        value[i] = s->image[i].score;
    c.threshold = quantile_of(value, s->n, quantile);
    c.scores = normal_scores_of(value, s->n);
    if (c.maps) {
        for (size_t i = 0; i < s->n; i++)
            value[i] = s->image[i].peak;
        c.pixel_threshold = quantile_of(value, s->n, quantile);
        c.low = (float)(s->sum / (double)s->n);
        c.high = 2 * c.pixel_threshold - c.low;
    }
    free(value);
    normals_free(s);
    return c;
}

void calibration_note(struct note *note, const struct calibration *c)
{
    note_setf(note, "threshold", "%.9g", (double)c->threshold);
    if (c->maps) {
        note_setf(note, "pixel_threshold", "%.9g", (double)c->pixel_threshold);
        note_setf(note, "scale", "%.9g,%.9g", (double)c->low, (double)c->high);
    }
    if (c->scores.images) {
        char *text = normal_scores_text(&c->scores);
        note_set(note, "scores", text);
        free(text);
    }
}

void calibration_doubt(const struct calibration *c, const char *model)
{
    if (c->threshold == 0)
        warning("%s: its threshold is 0, so every image is a defect: the training images score 0, as copies "
                "of one do",
                model);
    else if (c->maps && c->pixel_threshold == 0)
        warning("%s: its pixel_threshold is 0: every pixel reaches it", model);
}
