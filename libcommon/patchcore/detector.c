/* PatchCore's settings, and its way through the frame: images become patches (patches.h), which wait in the fit's spool; the fit
 * selects the bank (fit.h); a model gives each patch's distance to the bank (patchcore.h). */
#include "patchcore/detector.h"
#include "base/mem.h"
#include "method/model.h"
#include "patchcore/fit.h"
#include "patchcore/merge.h"
#include "patchcore/patches.h"
#include "patchcore/spread.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum upsample { BILINEAR, NEAREST };
/* Of --scale layers: what a layer of the image at a part of its size weighs. Coarse maps blur where a defect ends. */
#define PART_WEIGHT 0.5

struct options {
    struct patchcore_plan plan;
    enum patch_rule patches;
    bool squared, scale_layers;
    size_t neighbours; /* SIZE_MAX: as many as the score needs */
    enum upsample upsample;
    struct map_options map;
};

static const struct options defaults = {
    .plan = {.ratio = 0.1, .dims = 128, .projection = PROJECTION_GAUSSIAN, .start = PATCHCORE_START_ONE},
    .patches = PATCH_POOLED,
    .scale_layers = true,
    .neighbours = SIZE_MAX,
    .map = {.score = {.form = SCORE_TOP, .share = 0.03},
            .sigma = MAP_SIGMA}, /* scripts/choose-score; so is the scale */
};
static const char *const automatic[] = {"auto", NULL}; /* PATCHCORE_DIMS_AUTO; of neighbours */
static const char *const projections[] = {"gaussian", "sparse", "uniform", NULL}; /* enum projection_kind */
static const char *const starts[] = {"1", "10", NULL};                            /* enum patchcore_start */
static const char *const patches[] = {"pooled", "binned", NULL};                  /* enum patch_rule */
static const char *const scales[] = {"none", "layers", NULL};
static const char *const distances[] = {"euclidean", "squared", NULL};
static const char *const upsamples[] = {"bilinear", "nearest", NULL}; /* enum upsample */

/* clang-format off */
#define AT(field) offsetof(struct options, field)
enum { FIT = DETECTOR_FIT, KEPT = DETECTOR_FIT | DETECTOR_KEPT, ANY = DETECTOR_BOTH | DETECTOR_KEPT };
static const struct setting settings[] = {
    {"ratio", 'r', SETTING_REAL, AT(plan.ratio), 1e-9, 1, NULL, "RATIO",
     "of the patches that the bank keeps, by greedy k-centre", FIT | DETECTOR_ADDED | DETECTOR_MERGED, NULL},
    {"project", 'p', SETTING_SIZE, AT(plan.dims), 0, 1 << 16, automatic, "DIMS",
     "of the random projection for that choice; 0: none; auto: by the number of patches", FIT, NULL},
    {"seed", 's', SETTING_U64, AT(plan.seed), 0, 0, NULL, "SEED", "of the projection and the first patch", FIT | DETECTOR_ADDED, NULL},
    {"projection", 0, SETTING_CHOICE, AT(plan.projection), 0, 0, projections, "P", "what its numbers are",
     FIT | DETECTOR_ADDED, NULL},
    {"start", 0, SETTING_CHOICE, AT(plan.start), 0, 0, starts, "N",
     "what the choice begins with, one patch at random, or the mean distance to ten", FIT, NULL},
    {"patches", 0, SETTING_CHOICE, AT(patches), 0, 0, patches, "P", "how 3x3 neighbourhoods become a vector", KEPT, NULL},
    {"scale", 0, SETTING_SWITCH, AT(scale_layers), 0, 0, scales, "S", "layers: so that each spreads alike over the training images", FIT, NULL},
    {"distance", 0, SETTING_SWITCH, AT(squared), 0, 0, distances, "D", "of a patch", KEPT, NULL},
    {"neighbours", 0, SETTING_SIZE, AT(neighbours), 1, PATCHCORE_NEIGHBOURS_MAX, automatic, "K",
     "in the bank, by which score reweighted weighs; auto: 9", ANY, NULL},
    {"upsample", 0, SETTING_CHOICE, AT(upsample), 0, 0, upsamples, "U", "how the map is enlarged", ANY, NULL},
    MAP_SETTINGS(struct options, map, patches),
    {"half", 0, SETTING_FLAG, AT(plan.half), 0, 0, NULL, NULL, "keep the bank in half precision", FIT, NULL},
    SETTINGS_END,
};
/* clang-format on */

static const char *const people[] = {"anomalib", "original", NULL};

/* methods 15 */
static void follow(void *options, size_t who)
{
    struct options *o = options;
    o->scale_layers = false;
    o->map = (struct map_options){{.form = who == 0 ? SCORE_REWEIGHTED : SCORE_PATCH},
                                  MAP_SIGMA,
                                  who == 0 ? MAP_MIRROR : MAP_MIRROR_EDGE};
    if (who == 0) {
        o->plan.dims = PATCHCORE_DIMS_AUTO;
        o->plan.projection = PROJECTION_SPARSE;
        o->upsample = NEAREST;
        return;
    }
    o->plan.projection = PROJECTION_UNIFORM;
    o->plan.start = PATCHCORE_START_TEN;
    o->patches = PATCH_BINNED;
    o->squared = true;
}

/* A fit, and then the model, which keeps the fit for what is left out. */
struct model {
    struct options o;
    struct patchcore m;
    struct patchcore_fit *fit; /* NULL in a model that was read, */
    size_t old_images;         /* unless that is to grow: those of the bank; else 0 */
    struct spread spread;      /* of the fit's patches, where they are to be scaled */
    struct spread_layer layer[TAPS_MAX];
    size_t layers;
    struct patches patches;
    float *patch; /* an image's; NULL until one has come */
};

static void take_shapes(struct model *m, const struct taps *image)
{
    m->patches = patches_new(m->o.patches, image);
    const size_t n = m->patches.height * m->patches.width * m->patches.dims;
    mem_need(n * sizeof *m->patch, "the patches of an image");
    m->patch = xaligned(n, sizeof *m->patch);
}

static struct model *model_new(const struct options *o)
{
    const bool reweighted = o->map.score.form == SCORE_REWEIGHTED;
    struct model *m = xcalloc(1, sizeof *m);
    m->o = *o;
    if (o->neighbours != SIZE_MAX && !reweighted)
        misuse("--neighbours is of --score reweighted");
    m->m.neighbours = !reweighted ? 1 : o->neighbours == SIZE_MAX ? 9 : o->neighbours;
    m->m.squared = o->squared;
    return m;
}

static void fit_begin(struct model *m)
{
    m->fit = patchcore_fit_new(m->patches.height * m->patches.width, m->patches.channels, PATCHCORE_PRODUCTS);
}

static void *begin(void *options, const struct taps *first)
{
    struct model *m = model_new(options);
    take_shapes(m, first);
    if (m->o.scale_layers && m->o.patches == PATCH_BINNED)
        misuse("--scale layers is of --patches pooled: bins mix the layers");
    m->spread = spread_new(m->patches.channels);
    for (size_t i = 0; i < first->n; i++)
        m->layer[m->layers++] =
            (struct spread_layer){first->tap[i].channels, first->part[i] ? PART_WEIGHT : 1};
    fit_begin(m);
    return m;
}

static void *resume(const struct safetensors *file, const char *path, void *options, const struct taps *first)
{
    struct model *m = model_new(options);
    const struct note *meta = &file->meta;
    take_shapes(m, first);
    patchcore_load(&m->m, file, path);
    m->m.coverage = model_number_within(meta, path, "coverage", 0, HUGE_VAL);
    m->m.projected = (size_t)model_number_within(meta, path, "projected", 0, 1 << 16);
    m->o.plan.half = safetensors_find(file, "bank")->type == DT_F16;
    m->o.scale_layers = false; /* the bank is scaled as the first images spread */
    m->old_images = (size_t)model_number_within(meta, path, "images", 0, UINT32_MAX);
    fit_begin(m);
    return m;
}

static void take(void *fit, const struct taps *image)
{
    struct model *m = fit;
    patches_make(&m->patches, m->patch, image);
    if (m->o.scale_layers)
        spread_add(&m->spread, m->patch, m->patches.height * m->patches.width, m->patches.dims);
    patchcore_fit_add(m->fit, m->patch);
}

/* Half where all are. */
static void *merge(const struct detector_part *part, size_t n, void *options)
{
    struct model *m = model_new(options);
    m->o.plan.half = true;
    for (size_t i = 0; i < n; i++) {
        const struct tensor *bank = safetensors_find(&part[i].file, "bank");
        m->o.plan.half &= bank && bank->type == DT_F16;
    }
    patchcore_merge(&m->m, part, n, &m->o.plan);
    return m;
}

static void *end(void *fit, const struct detector_end *with)
{
    struct model *m = fit;
    struct patchcore_plan plan = m->o.plan;
    float *scale = m->o.scale_layers ? spread_scale(&m->spread, m->layer, m->layers) : NULL;
    (void)with;
    plan.scale = scale;
    if (m->old_images)
        patchcore_fit_grow(m->fit, &m->m, &plan, m->old_images);
    else
        patchcore_fit_bank(m->fit, &m->m, &plan);
    free(scale);
    return m;
}

static size_t left_out_images(const void *model)
{
    const struct model *m = model;
    return patchcore_fit_left_out_images(m->fit, &m->m);
}

static double left_out(void *model, size_t i, float *distance)
{
    struct model *m = model;
    return patchcore_fit_left_out(m->fit, &m->m, i, distance);
}

static void save(void *model, struct safetensors *file)
{
    struct model *m = model;
    patchcore_save(file, &m->m, m->o.plan.half);
    note_setf(&file->meta, "coverage", "%.9g", m->m.coverage);
    note_setf(&file->meta, "projected", "%zu", m->m.projected);
    note_setf(&file->meta, "positions", "%zu", m->m.positions);
}

static void describe(const void *model, char text[100])
{
    const struct patchcore *m = &((const struct model *)model)->m;
    snprintf(text, 100, "a bank of %zu x %zu", m->n, m->channels);
}

static void *load(const struct safetensors *file, const char *path, const void *options)
{
    struct model *m = model_new(options);
    patchcore_load(&m->m, file, path);
    return m;
}

static bool accepts(void *model, const struct taps *image, struct err *e)
{
    struct model *m = model;
    take_shapes(m, image);
    return m->patches.channels == m->m.channels ||
           err_set(e, "patches of %zu channels; the fit's had %zu", m->patches.channels, m->m.channels);
}

static struct map_size grid_of(const void *model, struct map_size size)
{
    const struct model *m = model;
    (void)size;
    return (struct map_size){m->patches.width, m->patches.height};
}

static struct map_rules rules(const void *model)
{
    const struct options *o = &((const struct model *)model)->o;
    return (struct map_rules){o->upsample == NEAREST ? MAP_NEAREST : MAP_HALF_PIXEL, o->map};
}

static double score(void *model, const struct taps *image, float *distance, struct map_size grid)
{
    struct model *m = model;
    (void)grid;
    const size_t n = m->patches.height * m->patches.width;
    patches_make(&m->patches, m->patch, image);
    patchcore_scale(&m->m, m->patch, n);
    return patchcore_score(&m->m, distance, m->patch, n, NEIGHBOURS_ALL);
}

static void free_model(void *model)
{
    struct model *m = model;
    patchcore_free(&m->m);
    patchcore_fit_free(m->fit);
    spread_free(&m->spread);
    patches_free(&m->patches);
    free(m->patch);
    free(m);
}

const struct detector patchcore_detector = {
    .name = "patchcore",
    .settings = settings,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .people = people,
    .follow = follow,
    .images_min = 1,
    .begin = begin,
    .resume = resume,
    .merge = merge,
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
