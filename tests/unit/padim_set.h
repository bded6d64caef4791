/* Sets of features for the tests of padim/, and models of them. */
#ifndef PADIM_SET_H
#define PADIM_SET_H
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "padim/fit.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static const char *form_name(enum padim_form form)
{
    return form == PADIM_PACKED ? "packed" : "low rank";
}

/* Taps of n images: per tap, images x height x width x channels. */
struct set {
    size_t n, taps;
    size_t shape[4][3];
    float *data[4];
};

static size_t tap_size(const struct set *s, size_t t)
{
    return s->shape[t][0] * s->shape[t][1] * s->shape[t][2];
}

static struct set random_set(size_t n, size_t taps, const size_t (*shape)[3], double scale)
{
    struct set s = {.n = n, .taps = taps};
    memcpy(s.shape, shape, taps * sizeof *shape);
    for (size_t t = 0; t < taps; t++) {
        struct rng r = rng_new(n, t);
        s.data[t] = xmalloc(n * tap_size(&s, t), sizeof(float));
        for (size_t i = 0; i < n * tap_size(&s, t); i++)
            s.data[t][i] = (float)(scale * fmax(0, rng_normal(&r) + 0.3));
    }
    return s;
}

static void set_free(struct set *s)
{
    for (size_t t = 0; t < s->taps; t++)
        free(s->data[t]);
}

static void image_values(float *out, const struct padim_grid *grid, const struct set *s, size_t image)
{
    struct taps taps = {.n = s->taps};
    for (size_t t = 0; t < s->taps; t++)
        taps.tap[t] =
            (struct tap){s->shape[t][0], s->shape[t][1], s->shape[t][2], s->data[t] + image * tap_size(s, t)};
    padim_values(out, grid, &taps);
}

static struct padim fit(const struct set *s, size_t skip, const size_t *chosen, size_t channels,
                        enum padim_form form, float **left_out)
{
    struct padim_grid grid;
    struct err e;
    if (!padim_grid_new(&grid, s->shape, s->taps, chosen, channels, &e))
        die("%s", e.text);
    float *values = xmalloc(grid.values, sizeof *values);
    struct padim_fit *f = padim_fit_new(&grid);
    for (size_t i = 0; i < s->n; i++)
        if (i != skip) {
            image_values(values, padim_fit_grid(f), s, i);
            padim_fit_add(f, values);
        }
    free(values);
    struct padim model;
    padim_fit_end(&model, f, 0.01, form, left_out);
    return model;
}

static float *distances(const struct padim *model, const struct set *s, size_t image)
{
    float *values = xmalloc(model->grid.values, sizeof *values);
    float *map = xmalloc(model->grid.height * model->grid.width, sizeof *map);
    image_values(values, &model->grid, s, image);
    padim_distances(map, model, values);
    free(values);
    return map;
}

/* The largest relative difference of two models' distances of a set. */
static double difference(const struct padim *a, const struct padim *b, const struct set *s)
{
    double worst = 0;
    for (size_t x = 0; x < s->n; x++) {
        float *p = distances(a, s, x), *q = distances(b, s, x);
        for (size_t i = 0; i < a->grid.height * a->grid.width; i++)
            worst = worse(worst, fabs((double)p[i] / (double)q[i] - 1));
        free(p);
        free(q);
    }
    return worst;
}
#endif
