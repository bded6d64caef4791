/* The Gaussian's settings, and its way through the frame: vectors wait in memory, and where they are means of feature maps, these on
 * disk; the fit makes the model of all and every image's distance to the others. An image's distance has a gradient by its vector, which
 * makes its map of its feature maps (cam.h). */
#include "base/mem.h"
#include "num/cholesky.h"
#include "num/distance.h"
#include "pooled/cam.h"
#include "pooled/gauss.h"
#include "pooled/vectors.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    double shrinkage; /* below 0: Ledoit and Wolf's */
    bool unit, squared;
    struct map_options map;
};

static const struct options defaults = {.shrinkage = -1,
                                        .map = {.score = {.form = SCORE_IMAGE}, .sigma = MAP_SIGMA}};
static const char *const lengths[] = {"kept", "unit", NULL};
static const char *const distances[] = {"mahalanobis", "squared", NULL};

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
    {"distance", 0, SETTING_SWITCH, AT(squared), 0, 0, distances, "D", "that is the score", DETECTOR_FIT | DETECTOR_KEPT,
     NULL},
    MAP_SETTINGS(struct options, map, whole),
    SETTINGS_END,
};
/* clang-format on */

/* CutPaste's authors: the density; Runinho's CutPaste: of vectors of length 1 (methods 10). Nobody else has it: neither Anomalib nor
 * arXiv 2405.06980's code. */
static const char *const people[] = {"original", "runinho", NULL};

static void follow(void *options, size_t who)
{
    struct options *o = options;
    o->squared = true;
    o->unit = who == 1;
}

struct fit {
    const struct options *o;
    struct vectors vectors;
    struct tap_store *images; /* NULL: they are vectors */
    struct map_size grid;
};

static struct map_size grid_of(const struct taps *image)
{
    const struct tap *finest = &image->tap[image->finest];
    return (struct map_size){finest->width, finest->height};
}

static void *begin(void *options, const struct taps *first)
{
    struct fit *fit = xcalloc(1, sizeof *fit);
    fit->o = options;
    fit->vectors.channels = taps_channels(first);
    fit->grid = grid_of(first);
    if (!vectors_have_places(first) && fit->o->map.score.form != SCORE_IMAGE)
        die("--score: vectors give no maps");
    fit->images = vectors_have_places(first) ? tap_store_new("the training images' features", DT_F32) : NULL;
    return fit;
}

static void take(void *arg, const struct taps *image)
{
    struct fit *fit = arg;
    vectors_add(&fit->vectors, image, fit->o->unit);
    if (fit->images)
        tap_store_add(fit->images, image);
}

struct model {
    struct gauss gauss;
    struct options o;
    struct map_size grid; /* of the finest tap, 1 x 1 of vectors */
    /* after a fit, else NULL: gauss.n distances; the feature maps, where there are any */
    double *left_out;
    struct tap_store *images;
    float *x;     /* an image's vector */
    double *work; /* what becomes of it; the gradient */
};

static struct model *model_new(size_t d, struct map_size grid, const struct options *o)
{
    struct model *m = xcalloc(1, sizeof *m);
    m->o = *o;
    m->grid = grid;
    m->x = xaligned(distance_padded(d), sizeof *m->x);
    m->work = xaligned(d, sizeof *m->work);
    return m;
}

static void *end(void *arg, const struct detector_end *with)
{
    struct fit *fit = arg;
    const struct vectors *v = &fit->vectors;
    struct model *m = model_new(v->channels, fit->grid, fit->o);
    (void)with;
    m->left_out = xmalloc(v->n, sizeof *m->left_out);
    if (!gauss_fit(&m->gauss, m->left_out, v->row, v->dims, v->n, v->channels, fit->o->shrinkage))
        die("the covariance of %zu images in %zu dimensions can't be inverted with --shrinkage %.9g", v->n,
            v->channels, m->gauss.shrinkage);
    m->images = fit->images;
    vectors_free(&fit->vectors);
    free(fit);
    return m;
}

static size_t left_out_images(const void *model)
{
    return ((const struct model *)model)->gauss.n;
}

static double score_of(const struct model *m, double distance)
{
    return m->o.squared ? distance * distance : distance;
}

/* The map of the image whose vector is m->x, with the distance's gradient by it in m->work. length: what it was divided by; so it
 * stays on the sphere however the mean grows, and the gradient's part along it goes. */
static void draw_map(struct model *m, float *map, const struct taps *image, double distance, double length)
{
    const double steep = (m->o.squared ? 2 * distance : 1) / length;
    double along = 0;
    for (size_t i = 0; m->o.unit && i < m->gauss.d; i++)
        along += m->work[i] * (double)m->x[i];
    for (size_t i = 0; i < m->gauss.d; i++)
        m->work[i] = steep * (m->work[i] - along * (double)m->x[i]);
    cam_map(map, m->grid, image, m->work);
}

static double left_out(void *model, size_t i, float *map)
{
    struct model *m = model;
    if (!map)
        return score_of(m, m->left_out[i]);
    const struct taps *image = tap_store_read(m->images, i);
    const double length = vectors_of(m->x, image, m->o.unit);
    const double distance = gauss_gradient_left_out(&m->gauss, m->x, m->work);
    draw_map(m, map, image, distance, length);
    return score_of(m, m->left_out[i]);
}

static void save(void *model, struct safetensors *file)
{
    const struct model *m = model;
    const struct gauss *g = &m->gauss;
    const struct tensor mean = {.type = DT_F64, .rank = 1, .dim = {g->d}, .data = g->mean};
    const struct tensor factor = {
        .type = DT_F32, .rank = 1, .dim = {cholesky_packed_size(0, g->d)}, .data = g->factor};
    safetensors_add(file, "mean", &mean);
    safetensors_add(file, "factor", &factor);
    note_setf(&file->meta, "shrunk", "%.9g", g->shrinkage);
    if (m->images)
        note_setf(&file->meta, "grid", "%zux%zu", m->grid.width, m->grid.height);
}

static void describe(const void *model, char text[100])
{
    const struct gauss *g = &((const struct model *)model)->gauss;
    snprintf(text, 100, "%zu dimensions, shrinkage %.3g", g->d, g->shrinkage);
}

/* Of the feature maps that it was fitted to; 1 x 1 where these were vectors. */
static struct map_size grid_in(const struct safetensors *file, const char *path)
{
    struct map_size grid = {1, 1};
    const char *text = note_get(&file->meta, "grid");
    if (text && (!note_size(&file->meta, "grid", &grid.width, &grid.height) || !grid.width || !grid.height ||
                 grid.width > TAP_SIDE_MAX || grid.height > TAP_SIDE_MAX))
        die("%s: grid=%s is no size of feature maps", path, text);
    if ((grid.width * grid.height > 1) != (note_get(&file->meta, "pixel_threshold") != NULL))
        die("%s: pixel_threshold= is for maps, of features of more than 1x1; here grid=%zux%zu", path,
            grid.width, grid.height);
    return grid;
}

static void *load(const struct safetensors *file, const char *path, const void *options)
{
    const struct tensor *mean = safetensors_find(file, "mean"), *factor = safetensors_find(file, "factor");
    if (!mean || mean->type != DT_F64 || mean->rank != 1 || mean->dim[0] == 0)
        die("%s: mean is missing, or is no vector of f64", path);
    const size_t d = mean->dim[0];
    const struct map_size grid = grid_in(file, path);
    if (!factor || factor->type != DT_F32 || factor->rank != 1 ||
        factor->dim[0] != cholesky_packed_size(0, d))
        die("%s: factor is missing, or of another size than %zu", path, cholesky_packed_size(0, d));
    struct model *m = model_new(d, grid, options);
    mem_need(factor->dim[0] * sizeof(float), "the covariance");
    m->gauss = (struct gauss){.d = d,
                              .mean = memcpy(xaligned(d, sizeof(double)), mean->data, d * sizeof(double)),
                              .factor = memcpy(xaligned(factor->dim[0], sizeof(float)), factor->data,
                                               factor->dim[0] * sizeof(float))};
    return m;
}

static bool accepts(void *model, const struct taps *image, struct err *e)
{
    const struct model *m = model;
    const struct map_size grid = grid_of(image);
    if (taps_channels(image) != m->gauss.d)
        return err_set(e, "vectors of %zu; the fit's had %zu", taps_channels(image), m->gauss.d);
    if (grid.width != m->grid.width || grid.height != m->grid.height)
        return err_set(e, "%zux%zu positions; the fit's had %zux%zu", grid.width, grid.height, m->grid.width,
                       m->grid.height);
    return true;
}

static struct map_size grid_of_model(const void *model, struct map_size size)
{
    (void)size;
    return ((const struct model *)model)->grid;
}

static struct map_rules rules(const void *model)
{
    return (struct map_rules){MAP_HALF_PIXEL, ((const struct model *)model)->o.map};
}

/* The distance is made the same way with a map and without: to the same bits. */
static double score(void *model, const struct taps *image, float *map, struct map_size grid)
{
    struct model *m = model;
    const double length = vectors_of(m->x, image, m->o.unit);
    (void)grid;
    if (!map)
        return score_of(m, gauss_distance(&m->gauss, m->x, m->work));
    const double distance = gauss_gradient(&m->gauss, m->x, m->work);
    draw_map(m, map, image, distance, length);
    return score_of(m, distance);
}

static void free_model(void *model)
{
    struct model *m = model;
    gauss_free(&m->gauss);
    tap_store_free(m->images);
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
    .people = people,
    .follow = follow,
    .images_min = 2,
    .maps = vectors_have_places,
    .begin = begin,
    .take = take,
    .end = end,
    .left_out_images = left_out_images,
    .left_out = left_out,
    .save = save,
    .describe = describe,
    .load = load,
    .accepts = accepts,
    .grid = grid_of_model,
    .rules = rules,
    .score = score,
    .free = free_model,
};
