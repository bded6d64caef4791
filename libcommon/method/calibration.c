#include "method/calibration.h"
#include "base/err.h"
#include "base/mem.h"
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

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Sorts values. */
static float quantile_of(float *value, size_t n, double quantile)
{
    qsort(value, n, sizeof *value, compare_floats);
    const double at = quantile * (double)(n - 1);
    const size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
    return (float)((double)value[low] + ((double)value[high] - (double)value[low]) * (at - (double)low));
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
    free(s->image);
    free(s);
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
