#include "method/scoring.h"
#include "base/file.h"
#include "base/product.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/raster.h"
#include "stream/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct normals {
    size_t n, capacity;
    struct normal {
        float score, peak;
    } * image;
    double sum; /* of the maps' means */
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
    s->sum += sum / (double)n;
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
    struct calibration c;
    float *value = xmalloc(s->n, sizeof *value);
    if (s->n == 0)
        die("no normal image to set the threshold by");
    for (size_t i = 0; i < s->n; i++)
        value[i] = s->image[i].score;
    c.threshold = quantile_of(value, s->n, quantile);
    for (size_t i = 0; i < s->n; i++)
        value[i] = s->image[i].peak;
    c.pixel_threshold = quantile_of(value, s->n, quantile);
    c.low = (float)(s->sum / (double)s->n);
    c.high = 2 * c.pixel_threshold - c.low;
    free(value);
    free(s->image);
    free(s);
    return c;
}

struct map_size map_size_option(const char *option, const char *text)
{
    const char *by = strchr(text, 'x');
    char *width = by ? xstrndup(text, (size_t)(by - text)) : xstrdup(text);
    const char *height = by ? by + 1 : text;
    struct map_size s = {opt_size(option, width, 1, RASTER_SIDE_MAX),
                         opt_size(option, height, 1, RASTER_SIDE_MAX)};
    free(width);
    return s;
}

struct map_size map_size_of(struct map_size asked, const struct npys_reader *r, const struct npys_record *rec)
{
    struct map_size s = asked;
    if (s.width)
        return s;
    if (!note_get(&rec->note, "input"))
        npys_reader_die(r, "no input=WxH says how large the image was: give --size");
    if (!note_size(&rec->note, "input", &s.width, &s.height) || s.width - 1 >= RASTER_SIDE_MAX ||
        s.height - 1 >= RASTER_SIDE_MAX)
        npys_reader_die(r, "input=%s is not a size", note_get(&rec->note, "input"));
    return s;
}

const struct note *features_opening(struct npys_reader *r)
{
    const struct note *opening = npys_opening(r);
    const char *stream = note_get(opening, "stream");
    if (stream && strcmp(stream, "features") != 0)
        npys_reader_die(r, "a stream of %s, not of features", stream);
    return opening;
}

/* by= entries joined as the pipe that they were; free() it. */
static char *chain(const struct note *opening, const char *by)
{
    char *all = xstrdup("");
    for (size_t i = 0; i < opening->n; i++)
        if (strcmp(opening->pair[i].key, "by") == 0) {
            char *longer = xprintf("%s%s | ", all, opening->pair[i].value);
            free(all);
            all = longer;
        }
    char *whole = xprintf("%s%s", all, by);
    free(all);
    return whole;
}

void model_describe(struct note *meta, const char *method, const struct note *opening,
                    const struct note *first, const char *by, const struct calibration *c)
{
    const char *weights = note_get(opening, "weights"), *layers = note_get(first, "arrays");
    const char *precision = note_get(opening, "precision");
    char *pipe = chain(opening, by);
    note_set(meta, "method", method);
    if (weights)
        note_set(meta, "weights", weights);
    if (layers)
        note_set(meta, "layers", layers);
    if (precision)
        note_set(meta, "precision", precision);
    note_set(meta, "by", pipe);
    note_setf(meta, "threshold", "%.9g", (double)c->threshold);
    note_setf(meta, "pixel_threshold", "%.9g", (double)c->pixel_threshold);
    note_setf(meta, "scale", "%.9g,%.9g", (double)c->low, (double)c->high);
    free(pipe);
}

/* The number that text begins with; *rest is what follows. NAN where there is none. */
static double number(const char *text, const char **rest)
{
    char *end;
    const double x = strtod(text, &end);
    *rest = end;
    return end == text ? (double)NAN : x;
}

static const char *model_text(const struct note *meta, const char *path, const char *key)
{
    const char *text = note_get(meta, key);
    if (!text)
        die("%s: no %s= in it: not a fitted model", path, key);
    return text;
}

double model_number(const struct note *meta, const char *path, const char *key)
{
    const char *text = model_text(meta, path, key), *rest;
    const double x = number(text, &rest);
    if (!isfinite(x) || *rest)
        die("%s: %s=%s is not a number", path, key, text);
    return x;
}

struct calibration model_calibration(const struct note *meta, const char *path, const char *method)
{
    const char *is = model_text(meta, path, "method");
    if (strcmp(is, method) != 0)
        die("%s: a model of %s, not of %s", path, is, method);
    struct calibration c = {.threshold = (float)model_number(meta, path, "threshold"),
                            .pixel_threshold = (float)model_number(meta, path, "pixel_threshold")};
    const char *scale = model_text(meta, path, "scale"), *rest;
    c.low = (float)number(scale, &rest);
    c.high = *rest == ',' ? (float)number(rest + 1, &rest) : (float)NAN;
    if (!isfinite(c.low) || !isfinite(c.high) || *rest)
        die("%s: scale=%s is not LO,HI", path, scale);
    return c;
}

/* What follows the last ':' of NAME:HASH. */
static const char *hash_part(const char *weights)
{
    const char *colon = strrchr(weights, ':');
    return colon ? colon + 1 : weights;
}

void model_match(const struct note *meta, const char *path, const struct npys_reader *r,
                 const struct note *opening, const struct note *record)
{
    const char *fitted = note_get(meta, "weights"), *weights = note_get(opening, "weights");
    if (fitted && weights && strcmp(hash_part(fitted), hash_part(weights)) != 0)
        npys_reader_die(r, "features made with weights %s, but %s was fitted with %s", weights, path, fitted);
    const char *used = note_get(meta, "precision"), *precision = note_get(opening, "precision");
    if (used && precision && strcmp(used, precision) != 0)
        npys_reader_die(r, "features in %s, but %s was fitted on features in %s (featx --precision %s)",
                        precision, path, used, used);
    const char *layers = note_get(meta, "layers"), *taps = note_get(record, "arrays");
    if (layers && taps && strcmp(layers, taps) != 0)
        npys_reader_die(r, "features of %s, but %s was fitted on %s", taps, path, layers);
}

struct score_writer {
    struct calibration calibration;
    struct npys_writer *maps; /* NULL: none */
    struct product *product;  /* NULL: none, or the table goes to stdout */
    FILE *table;              /* NULL: none */
    const char *label;
};

static struct npys_writer *maps_begin(const struct note *opening, const char *by, const struct calibration *c)
{
    struct note note = {0};
    note_copy(&note, opening);
    note_set(&note, "stream", "maps");
    note_set(&note, "version", "1");
    note_remove(&note, "layers");
    note_setf(&note, "threshold", "%.9g", (double)c->threshold);
    note_setf(&note, "pixel_threshold", "%.9g", (double)c->pixel_threshold);
    note_setf(&note, "scale", "%.9g,%.9g", (double)c->low, (double)c->high);
    struct npys_writer *w = npys_writer_new(out_binary(), "stdout", &note, by);
    note_clear(&note);
    return w;
}

struct score_writer *score_writer_new(const struct note *opening, const char *by, const struct calibration *c,
                                      const char *table)
{
    static const char *const head[] = {"name", "label", "defect", "score", "verdict"};
    struct score_writer *w = xcalloc(1, sizeof *w);
    w->calibration = *c;
    if (table && strcmp(table, "-") == 0) {
        w->table = stdout;
        w->label = "stdout";
    } else {
        w->maps = maps_begin(opening, by, c);
        w->product = table ? product_open(table) : NULL;
        w->table = table ? product_file(w->product) : NULL;
        w->label = table;
    }
    if (w->table)
        table_write(w->table, w->label, sizeof head / sizeof *head, head);
    return w;
}

static void write_line(struct score_writer *w, const struct note *record, float score)
{
    static const char *const keys[] = {"name", "label", "defect"};
    char text[32];
    const char *cell[5];
    for (size_t i = 0; i < 3; i++) {
        const char *value = note_get(record, keys[i]);
        cell[i] = value ? value : "";
    }
    snprintf(text, sizeof text, "%.9g", (double)score);
    cell[3] = text;
    cell[4] = score >= w->calibration.threshold ? "defect" : "ok";
    table_write(w->table, w->label, 5, cell);
    if (!w->product && fflush(w->table))
        die("%s:", w->label);
}

void score_write(struct score_writer *w, const struct note *record, double score, const float *map,
                 struct map_size size)
{
    if (w->table)
        write_line(w, record, (float)score);
    if (!w->maps)
        return;
    struct npys_record out = {.n = 1};
    note_copy(&out.note, record);
    note_setf(&out.note, "score", "%.9g", (double)(float)score);
    out.array[0] = (struct tensor){
        .type = DT_F32, .rank = 2, .dim = {size.height, size.width}, .data = (void *)(uintptr_t)map};
    npys_write(w->maps, &out, "map");
    note_clear(&out.note);
}

void score_writer_end(struct score_writer *w)
{
    if (w->maps)
        npys_writer_end(w->maps);
    if (w->product)
        product_commit(w->product);
    free(w);
}
