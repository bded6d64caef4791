/* PaDiM's settings, and its way through the frame: images' chosen values wait in the fit's spool (fit.h); the fit gives the model
 * and every image's leave-one-out distances; a model gives Mahalanobis distances on the finest tap's grid (padim.h). */
#include "padim/detector.h"
#include "base/mem.h"
#include "padim/fit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    size_t dims; /* SIZE_MAX: by the number of channels */
    uint64_t seed;
    double ridge;
    struct map_options map;
    enum padim_form form;
};

static const struct options defaults = {
    .dims = SIZE_MAX, .ridge = 0.01, .map = {.score = {.form = SCORE_MAP_MAX}, .sigma = MAP_SIGMA}};
static const char *const automatic[] = {"auto", NULL};
static const char *const forms[] = {"auto", "packed", "low-rank", NULL}; /* enum padim_form */

/* clang-format off */
#define AT(field) offsetof(struct options, field)
static const struct setting settings[] = {
    {"dims", 'd', SETTING_SIZE, AT(dims), 1, (double)PADIM_SIDE_MAX * PADIM_TAPS_MAX, automatic, "DIMS",
     "channels to keep; auto: 550, but 100 where there are 448 or fewer", DETECTOR_FIT, NULL},
    {"seed", 's', SETTING_U64, AT(seed), 0, 0, NULL, "SEED", "of the draw of the channels", DETECTOR_FIT, NULL},
    {"ridge", 0, SETTING_REAL, AT(ridge), 1e-12, 1e12, NULL, "R", "added to the covariances' diagonal", DETECTOR_FIT, NULL},
    MAP_SETTINGS(struct options, map, places),
    {"form", 0, SETTING_CHOICE, AT(form), 0, 0, forms, "F", "of the covariances, auto being the smaller",
     DETECTOR_FIT | SETTING_SILENT, NULL},
    SETTINGS_END,
};
/* clang-format on */

/* Anomalib 2 adds the 1e-5 before it inverts. Nobody followed: the paper's ridge, Anomalib's border. */
static const char *const people[] = {"anomalib", "original", NULL};
enum { ANOMALIB, ORIGINAL };

static void follow(void *options, size_t who)
{
    struct options *o = options;
    o->ridge = who == ANOMALIB ? 0.01 + 1e-5 : 0.01;
    o->map = (struct map_options){
        {.form = SCORE_MAP_MAX}, MAP_SIGMA, who == ANOMALIB ? MAP_MIRROR : MAP_MIRROR_EDGE};
}

struct fit {
    const struct options *o;
    struct padim_fit *fit;
    struct padim old; /* that it goes on from, or nothing */
    float *values;    /* of an image */
};

static void shapes_of(size_t shape[TAPS_MAX][3], const struct taps *t)
{
    for (size_t i = 0; i < t->n; i++) {
        shape[i][0] = t->tap[i].height;
        shape[i][1] = t->tap[i].width;
        shape[i][2] = t->tap[i].channels;
    }
}

static void *begin(void *options, const struct taps *first)
{
    struct options *o = options;
    struct fit *fit = xcalloc(1, sizeof *fit);
    size_t shape[TAPS_MAX][3];
    struct padim_grid grid;
    struct err e;
    const size_t total = taps_channels(first), few = total <= 448 ? 100 : 550;
    const size_t asked = o->dims == SIZE_MAX ? few : o->dims;
    o->dims = asked < total ? asked : total;
    shapes_of(shape, first);
    size_t *chosen = padim_draw(total, o->dims, o->seed);
    if (!padim_grid_new(&grid, (const size_t(*)[3])shape, first->n, chosen, o->dims, &e))
        die("%s", e.text); /* taps_read has seen to it that there is none */
    free(chosen);
    notice("%zu of %zu channels, %zux%zu positions", o->dims, total, grid.height, grid.width);
    mem_need(grid.values * sizeof *fit->values, "the features of an image");
    fit->o = o;
    fit->values = xaligned(grid.values, sizeof *fit->values);
    fit->fit = padim_fit_new(&grid);
    return fit;
}

static void *resume(const struct safetensors *file, const char *path, void *options, const struct taps *first)
{
    struct options *o = options;
    struct fit *fit = xcalloc(1, sizeof *fit);
    struct err e;
    (void)first;
    if (!padim_load(&fit->old, file, &e) || !(fit->fit = padim_fit_resume(&fit->old, &e)))
        die("%s: %s", path, e.text);
    o->ridge = fit->old.ridge;
    fit->o = o;
    fit->values = xaligned(fit->old.grid.values, sizeof *fit->values);
    return fit;
}

static void take(void *arg, const struct taps *image)
{
    struct fit *fit = arg;
    padim_values(fit->values, padim_fit_grid(fit->fit), image);
    padim_fit_add(fit->fit, fit->values);
}

struct model {
    struct padim padim;
    struct map_options map;
    float *values;   /* of an image */
    float *left_out; /* left_out_images x height x width after a fit, else NULL */
    size_t left_out_images;
};

static void *end(void *arg, const struct detector_end *with)
{
    struct fit *fit = arg;
    struct model *m = xcalloc(1, sizeof *m);
    (void)with;
    m->left_out_images = padim_fit_images(fit->fit);
    padim_fit_end(&m->padim, fit->fit, fit->o->ridge, fit->o->form, &m->left_out);
    m->map = fit->o->map;
    if (fit->old.images)
        padim_free(&fit->old);
    free(fit->values);
    free(fit);
    return m;
}

static size_t left_out_images(const void *model)
{
    return ((const struct model *)model)->left_out_images;
}

static double left_out(void *model, size_t i, float *distance)
{
    const struct model *m = model;
    const size_t n = m->padim.grid.height * m->padim.grid.width;
    memcpy(distance, m->left_out + i * n, n * sizeof *distance);
    return 0;
}

static void save(void *model, struct safetensors *file)
{
    padim_save(file, &((struct model *)model)->padim);
}

static void describe(const void *model, char text[100])
{
    const struct padim *p = &((const struct model *)model)->padim;
    const size_t floats = padim_size(&p->grid, p->images, p->form);
    snprintf(text, 100, "%s, %.1f MB", forms[p->form], (double)floats * sizeof(float) / 1e6);
}

static void *load(const struct safetensors *file, const char *path, const void *options)
{
    struct model *m = xcalloc(1, sizeof *m);
    struct err e;
    if (!padim_load(&m->padim, file, &e))
        die("%s: %s", path, e.text);
    m->map = ((const struct options *)options)->map;
    mem_need(m->padim.grid.values * sizeof *m->values, "the features of an image");
    m->values = xaligned(m->padim.grid.values, sizeof *m->values);
    return m;
}

static bool accepts(void *model, const struct taps *image, struct err *e)
{
    const struct padim_grid *grid = &((const struct model *)model)->padim.grid;
    struct taps fit = {.n = grid->taps};
    for (size_t i = 0; i < grid->taps; i++)
        fit.tap[i] = (struct tap){grid->shape[i][0], grid->shape[i][1], grid->shape[i][2], NULL};
    return taps_match(image, &fit, e);
}

static struct map_size grid_of(const void *model, struct map_size size)
{
    const struct padim_grid *grid = &((const struct model *)model)->padim.grid;
    (void)size;
    return (struct map_size){grid->width, grid->height};
}

static struct map_rules rules(const void *model)
{
    return (struct map_rules){MAP_HALF_PIXEL, ((const struct model *)model)->map};
}

static double score(void *model, const struct taps *image, float *distance, struct map_size grid)
{
    struct model *m = model;
    (void)grid;
    padim_values(m->values, &m->padim.grid, image);
    padim_distances(distance, &m->padim, m->values);
    return 0;
}

static void free_model(void *model)
{
    struct model *m = model;
    padim_free(&m->padim);
    free(m->left_out);
    free(m->values);
    free(m);
}

const struct detector padim_detector = {
    .name = "padim",
    .settings = settings,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .people = people,
    .follow = follow,
    .images_min = PADIM_IMAGES_MIN,
    .places = true,
    .begin = begin,
    .resume = resume,
    .take = take,
    .end = end,
    .left_out_images = left_out_images,
    .left_out = left_out,
    .save = save,
    .describe = describe,
    .load = load,
    .accepts = accepts,
    .grid = grid_of,
    .rules = rules,
    .score = score,
    .free = free_model,
};
