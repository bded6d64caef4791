#include "method/model.h"
#include "base/mem.h"
#include "stream/identity.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

void model_describe(struct note *meta, const char *method, const struct note *opening, const char *by,
                    const struct calibration *c)
{
    char *pipe = chain(opening, by);
    note_set(meta, "method", method);
    note_set(meta, "by", pipe);
    calibration_note(meta, c);
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

struct normal_scores model_scores(const struct note *meta, const char *path)
{
    const char *text = note_get(meta, "scores");
    struct normal_scores s = {0};
    struct err e;
    if (text && !normal_scores_parse(&s, text, &e))
        die("%s: %s", path, e.text);
    return s;
}

double model_number(const struct note *meta, const char *path, const char *key)
{
    const char *text = model_text(meta, path, key), *rest;
    const double x = number(text, &rest);
    if (!isfinite(x) || *rest)
        die("%s: %s=%s is not a number", path, key, text);
    return x;
}

double model_number_within(const struct note *meta, const char *path, const char *key, double low,
                           double high)
{
    const double x = model_number(meta, path, key);
    if (x < low || x > high)
        die("%s: %s=%g is absurd", path, key, x);
    return x;
}

struct calibration model_calibration(const struct note *meta, const char *path, const char *method, bool maps)
{
    const char *is = model_text(meta, path, "method");
    if (strcmp(is, method) != 0)
        die("%s: a model of %s, not of %s", path, is, method);
    struct calibration c = {.maps = maps,
                            .threshold = (float)model_number(meta, path, "threshold"),
                            .scores = model_scores(meta, path)};
    if (!maps)
        return c;
    const char *scale = model_text(meta, path, "scale"), *rest;
    c.pixel_threshold = (float)model_number(meta, path, "pixel_threshold");
    c.low = (float)number(scale, &rest);
    c.high = *rest == ',' ? (float)number(rest + 1, &rest) : (float)NAN;
    if (!isfinite(c.low) || !isfinite(c.high) || *rest)
        die("%s: scale=%s is not LO,HI", path, scale);
    return c;
}

void identity_check(struct identity *id, const struct npys_reader *r, const struct note *opening,
                    const struct note *record)
{
    struct identity_difference d;
    while (identity_differs(&d, &id->known, opening, record)) {
        if (!id->force)
            npys_reader_die(r, "features of %s=%s, but %s %s=%s: make them with %s, or give --force", d.key,
                            d.here, id->where, d.key, d.known, d.mend);
        if (!note_get(&id->told, d.key))
            warning("features of %s=%s, but %s %s=%s", d.key, d.here, id->where, d.key, d.known);
        note_set(&id->told, d.key, "");
        note_set(&id->known, d.key, d.here);
    }
    identity_copy(&id->known, opening, record);
}

void identity_free(struct identity *id)
{
    note_clear(&id->known);
    note_clear(&id->told);
}
