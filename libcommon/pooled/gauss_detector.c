/* The Gaussian's settings, and its way through the frame: vectors wait in memory, the fit makes the model of all and every image's
 * distance to the others. */
#include "base/mem.h"
#include "num/cholesky.h"
#include "num/distance.h"
#include "pooled/gauss.h"
#include "pooled/vectors.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    double shrinkage; /* below 0: Ledoit and Wolf's */
    bool unit;
};

static const struct options defaults = {.shrinkage = -1};
static const char *const lengths[] = {"kept", "unit", NULL};

static bool read_shrinkage(void *value, const char *text, struct err *e)
{
    if (strcmp(text, "auto") != 0)
        return opt_parse_real(value, text, 0, 1, e);
    *(double *)value = -1;
    return true;
}

static void print_shrinkage(FILE *f, const void *value)
{
    const double share = *(const double *)value;
    if (share < 0)
        fputs("auto", f);
    else
        fprintf(f, "%.9g", share);
}

static const struct setting_own shrinkage = {read_shrinkage, print_shrinkage};

/* clang-format off */
#define AT(field) offsetof(struct options, field)
static const struct setting settings[] = {
    {"shrinkage", 0, SETTING_OWN, AT(shrinkage), 0, 1, NULL, "S",
     "share of the identity in the covariance, 0 to 1; auto: Ledoit and Wolf's", DETECTOR_FIT, &shrinkage},
    {"length", 0, SETTING_SWITCH, AT(unit), 0, 0, lengths, "L", "of the vectors: as they are, or brought to 1",
     DETECTOR_FIT | DETECTOR_KEPT, NULL},
    SETTINGS_END,
};
/* clang-format on */

struct fit {
    const struct options *o;
    struct vectors vectors;
};

static void *begin(void *options, const struct taps *first)
{
    struct fit *fit = xcalloc(1, sizeof *fit);
    struct err e;
    if (!vectors_accept(first, &e))
        die("%s", e.text);
    fit->o = options;
    fit->vectors.channels = taps_channels(first);
    return fit;
}

static void take(void *arg, const struct taps *image)
{
    struct fit *fit = arg;
    vectors_add(&fit->vectors, image, fit->o->unit);
}

struct model {
    struct gauss gauss;
    bool unit;
    double *left_out; /* gauss.n after a fit, else NULL */
    float *x;         /* an image's vector */
    double *work;
};

static struct model *model_new(size_t d, bool unit)
{
    struct model *m = xcalloc(1, sizeof *m);
    m->unit = unit;
    m->x = xaligned(distance_padded(d), sizeof *m->x);
    m->work = xaligned(d, sizeof *m->work);
    return m;
}

static void *end(void *arg, const struct detector_end *with)
{
    struct fit *fit = arg;
    const struct vectors *v = &fit->vectors;
    struct model *m = model_new(v->channels, fit->o->unit);
    (void)with;
    m->left_out = xmalloc(v->n, sizeof *m->left_out);
    if (!gauss_fit(&m->gauss, m->left_out, v->row, v->dims, v->n, v->channels, fit->o->shrinkage))
        die("the covariance of %zu images in %zu dimensions can't be inverted with --shrinkage %.9g", v->n,
            v->channels, m->gauss.shrinkage);
    vectors_free(&fit->vectors);
    free(fit);
    return m;
}

static size_t left_out_images(const void *model)
{
    return ((const struct model *)model)->gauss.n;
}

static double left_out(void *model, size_t i, float *distance)
{
    (void)distance;
    return ((const struct model *)model)->left_out[i];
}

static void save(void *model, struct safetensors *file)
{
    const struct gauss *g = &((const struct model *)model)->gauss;
    const struct tensor mean = {.type = DT_F64, .rank = 1, .dim = {g->d}, .data = g->mean};
    const struct tensor factor = {
        .type = DT_F32, .rank = 1, .dim = {cholesky_packed_size(0, g->d)}, .data = g->factor};
    safetensors_add(file, "mean", &mean);
    safetensors_add(file, "factor", &factor);
    note_setf(&file->meta, "shrunk", "%.9g", g->shrinkage);
}

static void describe(const void *model, char text[100])
{
    const struct gauss *g = &((const struct model *)model)->gauss;
    snprintf(text, 100, "%zu dimensions, shrinkage %.3g", g->d, g->shrinkage);
}

static void *load(const struct safetensors *file, const char *path, const void *options)
{
    const struct tensor *mean = safetensors_find(file, "mean"), *factor = safetensors_find(file, "factor");
    if (!mean || mean->type != DT_F64 || mean->rank != 1 || mean->dim[0] == 0)
        die("%s: mean is missing, or is no vector of f64", path);
    const size_t d = mean->dim[0];
    if (!factor || factor->type != DT_F32 || factor->rank != 1 ||
        factor->dim[0] != cholesky_packed_size(0, d))
        die("%s: factor is missing, or of another size than %zu", path, cholesky_packed_size(0, d));
    struct model *m = model_new(d, ((const struct options *)options)->unit);
    mem_need(factor->dim[0] * sizeof(float), "the covariance");
    m->gauss = (struct gauss){.d = d,
                              .mean = memcpy(xaligned(d, sizeof(double)), mean->data, d * sizeof(double)),
                              .factor = memcpy(xaligned(factor->dim[0], sizeof(float)), factor->data,
                                               factor->dim[0] * sizeof(float))};
    return m;
}

static bool accepts(void *model, const struct taps *image, struct err *e)
{
    const size_t d = ((const struct model *)model)->gauss.d;
    if (taps_channels(image) != d)
        return err_set(e, "vectors of %zu; the fit's had %zu", taps_channels(image), d);
    return vectors_accept(image, e);
}

static double score(void *model, const struct taps *image, float *distance, struct map_size grid)
{
    struct model *m = model;
    (void)grid;
    (void)distance;
    vectors_of(m->x, image, m->unit);
    return gauss_distance(&m->gauss, m->x, m->work);
}

static void free_model(void *model)
{
    struct model *m = model;
    gauss_free(&m->gauss);
    free(m->left_out);
    free(m->x);
    free(m->work);
    free(m);
}

const struct detector gauss_detector = {
    .name = "gauss",
    .settings = settings,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .images_min = 2,
    .begin = begin,
    .take = take,
    .end = end,
    .left_out_images = left_out_images,
    .left_out = left_out,
    .save = save,
    .describe = describe,
    .load = load,
    .accepts = accepts,
    .score = score,
    .free = free_model,
};
