/* The settings of flowscore, and its way through the frame: taps wait on the disk (method/fitting.h) until all are there; a learner
 * learns; what it has learnt are the tensors of the model, from which a scorer is made (flow.h). */
#include "flow/detector.h"
#include "base/mem.h"
#include "flow/cflow.h"
#include "flow/fastflow.h"
#include "nn/precision_option.h"
#include <stdio.h>
#include <stdlib.h>

static const char *const methods[] = {"fastflow", "cflow", NULL}; /* enum flow_method */
static const struct flow_kind kinds[] = {{&fastflow_learning, &fastflow_scoring},
                                         {&cflow_learning, &cflow_scoring}};
/* Where nobody asks for a number: chosen by CPU seconds an epoch for 200 images and ResNet-18 in five minutes of two cores. */
static const size_t epochs[] = {8, 3};

static const struct flow_options defaults = {.fit = FITTING_DEFAULTS(8, 1e-3),
                                             .blocks = 8,
                                             .clamp = 2,
                                             .decay = 1e-5,
                                             .kernels = FLOW_ALTERNATE,
                                             .hidden = 1,
                                             .fibre = 256,
                                             .condition = 128,
                                             .map = {.score = {.form = SCORE_MAP_MAX}},
                                             .precision = PRECISION_AUTO};
static const char *const mixes[] = {"permutation", "orthogonal", NULL}; /* enum flow_mix */
static const char *const kernels[] = {"alternate", "3x3", NULL};        /* enum flow_kernels */

static bool read_multiple(void *value, const char *text, struct err *e)
{
    size_t n;
    if (!opt_parse_size(&n, text, 4, CFLOW_CONDITION_MAX, e))
        return false;
    if (n % 4)
        return err_set(e, "%s is not a multiple of 4", text);
    *(size_t *)value = n;
    return true;
}

static void print_multiple(FILE *f, const void *value)
{
    fprintf(f, "%zu", *(const size_t *)value);
}
static const struct setting_own multiple = {read_multiple, print_multiple};

/* clang-format off */
#define AT(field) offsetof(struct flow_options, field)
enum { FIT = DETECTOR_FIT, KEPT = DETECTOR_FIT | DETECTOR_KEPT };
static const struct setting settings[] = {
    {"blocks", 0, SETTING_SIZE, AT(blocks), 1, FLOW_BLOCKS_MAX, NULL, "N", "of each tap's flow", KEPT, NULL},
    {"clamp", 0, SETTING_REAL, AT(clamp), 0, 100, NULL, "C", "a block scales by exp(-C) to exp(C)", KEPT, NULL},
    {"kernels", 0, SETTING_CHOICE, AT(kernels), 0, 0, kernels, "K",
     "of FastFlow's convolutions, 3x3 and 1x1 from block to block or all 3x3", KEPT, NULL},
    {"hidden", 0, SETTING_REAL, AT(hidden), 0, 64, NULL, "R",
     "channels within FastFlow's subnets for each that comes in", KEPT, NULL},
    {"condition", 0, SETTING_OWN, AT(condition), 0, 0, NULL, "N",
     "numbers that tell CFLOW's subnets where a vector is, a multiple of 4", KEPT, &multiple},
    {"mix", 0, SETTING_CHOICE, AT(mix), 0, 0, mixes, "MIX", "what ends CFLOW's blocks", KEPT, NULL},
    {"fibre", 0, SETTING_SIZE, AT(fibre), 1, 1 << 16, NULL, "N", "vectors of a step of CFLOW's optimiser", FIT, NULL},
    {"decay", 0, SETTING_REAL, AT(decay), 0, 1, NULL, "D", "weight decay", FIT, NULL},
    MAP_SETTINGS(struct flow_options, map, maps),
    {"precision", 0, SETTING_CHOICE, AT(precision), 0, 0, precision_names_of_training, "P",
     "of the subnets; auto: bf16 where the CPU has instructions for it", KEPT, NULL},
    FITTING_SETTINGS(struct flow_options, fit),
    SETTINGS_END,
};
/* clang-format on */

/* methods 1, 7, 8, 15: arXiv 2405.06980 has 3 x 3 only. CFLOW-AD's authors count 25 epochs of 8; two of them are its warm-up. gathierry's
 * FastFlow never stops early. */
static const char *const people[] = {"anomalib", "original", "paper", NULL};
enum { ANOMALIB, ORIGINAL, PAPER };

static void choose(void *options, size_t method)
{
    struct flow_options *o = options;
    o->method = (enum flow_method)method;
    if (o->method != FLOW_CFLOW)
        return;
    o->fit.batch = 16;
    o->fit.rate = 2e-4;
    o->clamp = 1.9;
    o->decay = 0;
}

static void follow(void *options, size_t who)
{
    struct flow_options *o = options;
    o->map = (struct map_options){.score = {.form = SCORE_MAP_MAX}};
    if (who != ORIGINAL)
        o->fit.patience = o->method == FLOW_CFLOW ? 2 : 3;
    if (o->method == FLOW_CFLOW) {
        o->fit.batch = who == ORIGINAL ? 32 : 16;
        o->fit.epochs = who == ORIGINAL ? 200 : 50;
        o->fit.rate = who == ORIGINAL ? 2e-4 : 1e-4;
        o->fibre = who == ORIGINAL ? 256 : 64;
        o->mix = who == ORIGINAL ? FLOW_ORTHOGONAL : FLOW_PERMUTATION;
        o->fit.schedule = who == ORIGINAL ? FITTING_COSINE : FITTING_STEADY;
        o->fit.warmup = who == ORIGINAL ? 0.08 : 0;
        o->fit.final = who == ORIGINAL ? 1e-3 : 0;
        return;
    }
    o->fit.batch = 32;
    o->fit.epochs = 500;
    o->kernels = who == PAPER ? FLOW_3X3 : FLOW_ALTERNATE;
}

/* A fit, and then a model. */
struct model {
    const struct flow_kind *kind;
    struct map_options map;
    struct flow_options *o;
    struct flow_shapes shapes;
    struct fitting *fitting;    /* of a fit, until its model is written */
    void *learner;              /* of a fit, until it has learnt */
    struct safetensors tensors; /* of a fit: what was learnt */
    void *scorer;
};

static struct model *model_new(const struct flow_options *o)
{
    struct model *m = xcalloc(1, sizeof *m);
    m->kind = &kinds[o->method];
    m->map = o->map;
    return m;
}

static void open_paths(void *options, const char *output)
{
    fitting_open(&((struct flow_options *)options)->fit, output);
}

static void *begin(void *options, const struct taps *first)
{
    struct model *m = model_new(options);
    m->o = options;
    m->o->precision = precision_settled(m->o->precision);
    m->shapes = flow_shapes_of(first);
    m->fitting = fitting_new(&m->o->fit);
    return m;
}

static void take(void *fit, const struct taps *image)
{
    fitting_take(((struct model *)fit)->fitting, image);
}

/* What changes the training beside the fitting's own options, for checkpoints. */
static char *recipe_of(const struct flow_options *o)
{
    char *by = fitting_recipe(o, settings), *recipe = xprintf("%s%s", methods[o->method], by);
    free(by);
    return recipe;
}

static double step(void *fit, const struct fitting_step *s)
{
    const struct model *m = fit;
    return m->kind->learning->step(m->learner, s);
}

static struct fitting_held look(void *fit)
{
    const struct model *m = fit;
    return m->kind->learning->look(m->learner);
}

static void *end(void *fit, const struct detector_end *with)
{
    struct model *m = fit;
    char *recipe = recipe_of(m->o);
    const struct fitting_task task = {.recipe = recipe,
                                      .epochs = epochs[m->o->method],
                                      .held = with->held,
                                      .step = step,
                                      .look = look,
                                      .arg = m};
    fitting_begin(m->fitting, &task);
    m->learner = m->kind->learning->begin(m->fitting, with->held, m->o, &m->shapes);
    fitting_train(m->fitting);
    m->kind->learning->give(m->learner, &m->tensors);
    m->kind->learning->end(m->learner);
    m->scorer = m->kind->scoring->begin(&m->tensors, with->output, m->o);
    free(recipe);
    return m;
}

static void save(void *model, struct safetensors *file)
{
    struct model *m = model;
    note_setf(&file->meta, "epoch", "%zu", fitting_epoch(m->fitting));
    for (size_t i = 0; i < m->tensors.n; i++)
        safetensors_add(file, m->tensors.entry[i].name, &m->tensors.entry[i].tensor);
}

static void describe(const void *model, char text[100])
{
    const struct model *m = model;
    size_t parameters = 0;
    for (size_t i = 0; i < m->tensors.n; i++)
        parameters += tensor_count(&m->tensors.entry[i].tensor);
    snprintf(text, 100, "epoch %zu of %zu, %.1f MB", fitting_epoch(m->fitting), m->o->fit.epochs,
             (double)parameters * sizeof(float) / 1e6);
}

static void *load(const struct safetensors *file, const char *path, const void *options)
{
    struct model *m = model_new(options);
    m->scorer = m->kind->scoring->begin(file, path, options);
    return m;
}

static bool accepts(void *model, const struct taps *image, struct err *e)
{
    const struct model *m = model;
    return flow_fits(m->kind->scoring->shapes(m->scorer), image, e);
}

/* Maps are enlarged tap by tap. */
static struct map_size grid_of(const void *model, struct map_size size)
{
    (void)model;
    return size;
}

static struct map_rules rules(const void *model)
{
    return (struct map_rules){MAP_HALF_PIXEL, ((const struct model *)model)->map};
}

static double score(void *model, const struct taps *image, float *distance, struct map_size grid)
{
    const struct model *m = model;
    m->kind->scoring->map(m->scorer, distance, grid, image);
    return 0;
}

static void free_model(void *model)
{
    struct model *m = model;
    m->kind->scoring->end(m->scorer);
    safetensors_free(&m->tensors);
    fitting_free(m->fitting);
    free(m);
}

const struct detector flow_detector = {
    .name = "flowscore",
    .settings = settings,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .methods = methods,
    .choose = choose,
    .people = people,
    .follow = follow,
    .images_min = HELD_EVERY,
    .open = open_paths,
    .begin = begin,
    .take = take,
    .end = end,
    .save = save,
    .describe = describe,
    .load = load,
    .accepts = accepts,
    .grid = grid_of,
    .rules = rules,
    .score = score,
    .free = free_model,
};
