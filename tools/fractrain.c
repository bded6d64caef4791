/* fractrain - trains a classifier on a labelled image stream. See fractrain.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/setting.h"
#include "nn/frozen.h"
#include "ranks/ranks.h"
#include "train/classifier.h"
#include <stdlib.h>
#include <string.h>

static const char usage_head[] =
    "usage: fractrain [-a ARCH] [--recipe NAME] -o WEIGHTS {--steps N -c CLASSES | --epochs N} [options] "
    "[IMAGES]\n"
    "Trains a classifier on a labelled image stream; its weights are for featx.\n";
static const char usage_end[] =
    "examples:\n"
    "  ifsgen -c 100 -e 0 -z 144 | fractrain -c 100 --steps 2000 -o fractal.safetensors\n"
    "  ifsgen -c 1000 | fractrain -a resnet50 --recipe ofdb --epochs 20000 --resume -o ofdb.safetensors\n";

/* What the user asked for; the recipe's numbers lie in train.recipe. */
struct opts {
    struct classifier_options train;
    unsigned recipe; /* an index into classifier_recipe_names */
};

static const char *const stores[] = {"f32", "bf16", NULL};
/* clang-format off */
#define AT(field) offsetof(struct opts, train.field)
#define MANY 9e18
static const struct setting files[] = {
    {"output", 'o', SETTING_TEXT, AT(out), 0, 0, NULL, "WEIGHTS", "the weights, a safetensors file", 0, NULL},
    {"recipe", 'r', SETTING_CHOICE, offsetof(struct opts, recipe), 0, 0, classifier_recipe_names, "R",
     "sets all but what runs it, each can be changed", 0, NULL},
    {"epochs", 'e', SETTING_SIZE, AT(epochs), 1, MANY, NULL, "N", "hold the whole stream and go through it N times", 0, NULL},
    {"taps", 0, SETTING_TEXT, AT(taps), 0, 0, NULL, "LAYERS",
     "that suit such weights: featx takes them where it is not told others", 0, NULL},
    {"store", 0, SETTING_SWITCH, AT(narrow), 0, 0, stores, "TYPE",
     "of matrices and filters in the file; bf16 makes it half as large", 0, NULL},
    {"init", 'i', SETTING_TEXT, AT(init), 0, 0, NULL, "WEIGHTS", "begin with the tensors of these that fit", 0, NULL},
    SETTINGS_END};

static const struct setting running[] = {
    {"checkpoint", 0, SETTING_TEXT, AT(loop.checkpoint), 0, 0, NULL, "FILE",
     "where an interrupted training waits (default WEIGHTS.checkpoint)", 0, NULL},
    {"every", 0, SETTING_SIZE, AT(loop.every), 1, MANY, NULL, "N", "steps between checkpoints (default: by --minutes)", 0, NULL},
    {"minutes", 0, SETTING_REAL, AT(loop.minutes), 0, 1e6, NULL, "M", "between checkpoints", 0, NULL},
    {"resume", 0, SETTING_FLAG, AT(loop.resume), 0, 0, NULL, NULL,
     "go on from the checkpoint, if there is one; without it one that is there is refused", 0, NULL},
    {"log", 'l', SETTING_TEXT, AT(loop.log), 0, 0, NULL, "FILE", "a table of the training, TSV", 0, NULL},
    {"log-every", 0, SETTING_SIZE, AT(loop.log_every), 1, MANY, NULL, "N", "steps a row", 0, NULL},
    {"mem", 0, SETTING_BYTES, AT(memory), 0, 0, NULL, "SIZE", "images held in memory before they are spooled", 0, NULL},
    SETTINGS_END};
/* clang-format on */

enum { FILES, NETWORK, OPTIMISER, AUGMENTATION, RUNNING, TABLES };

static void bind(struct settings set[TABLES], struct opts *o)
{
    set[FILES] = (struct settings){files, o, 0};
    set[NETWORK] = (struct settings){classifier_recipe_network, &o->train.recipe, 0};
    set[OPTIMISER] = (struct settings){classifier_recipe_optimiser, &o->train.recipe, 0};
    set[AUGMENTATION] = (struct settings){classifier_recipe_augmentation, &o->train.recipe, 0};
    set[RUNNING] = (struct settings){running, o, 0};
}

static struct opts defaults(unsigned recipe)
{
    const struct loop_options loop = {.minutes = 10, .log_every = 50};
    return (struct opts){.recipe = recipe,
                         .train = {.taps = "layer1,layer2,half:layer1,quarter:layer1",
                                   .recipe = classifier_recipe_named(recipe),
                                   .loop = loop,
                                   .memory = (size_t)1 << 30}};
}

/* The recipe has to be known before the options that change it: the first reading is for its name alone. */
static struct opts parse(int argc, char **argv)
{
    static const char *const heading[TABLES] = {NULL, NULL, "optimiser:\n", "augmentation:\n", "running:\n"};
    struct opts o = defaults(CLASSIFIER_RECIPE_FERN);
    struct settings set[TABLES];
    int c;
    bind(set, &o);
    char *usage = settings_page(usage_head, set, TABLES, heading, usage_end);
    struct option *rows = settings_options(set, TABLES, true);
    while ((c = opt_next(argc, argv, rows, usage)) != -1)
        settings_take(set, TABLES, c, optarg);
    o = defaults(o.recipe);
    optind = 0; /* glibc: from the beginning */
    while ((c = opt_next(argc, argv, rows, usage)) != -1)
        settings_take(set, TABLES, c, optarg);
    free(rows);
    free(usage);
    return o;
}

/* Layers that are spoken of are there. */
static void check_layers(const struct classifier_options *o)
{
    const struct classifier_recipe *r = &o->recipe;
    for (size_t stage = r->layers + 1; stage <= 4; stage++) {
        char name[16];
        snprintf(name, sizeof name, "layer%zu", stage);
        for (size_t i = 0; i < r->dense.n; i++)
            if (strcmp(r->dense.at[i].tap, name) == 0)
                misuse("--dense: there is no %s (--layers %zu)", name, r->layers);
        if (strstr(o->taps, name))
            misuse("--taps: there is no %s (--layers %zu)", name, r->layers);
    }
    if (r->dense.n && r->augment.autoaugment)
        misuse("--dense: AutoAugment turns images, and leaves labels where they are (--autoaugment no)");
}

/* Passes of a step are either one after the other, or dealt out. */
static void check_passes(const struct classifier_recipe *r)
{
    if (r->micro & (r->micro - 1))
        misuse("--micro %zu: it must be a power of two", r->micro);
    if (r->batch % r->micro)
        misuse("--micro %zu: a batch of %zu is not so many alike", r->micro, r->batch);
    if (r->micro > 1 && r->accumulate > 1)
        misuse("--micro and --accumulate: one of them");
    if (r->narrow && r->micro == 1)
        misuse("--wire is of --micro");
}

static void check(const struct classifier_options *o, int operands)
{
    if (!o->out)
        misuse("-o WEIGHTS is needed (see fractrain --help)");
    if (!o->epochs == !o->recipe.rate.steps)
        misuse("one of --steps and --epochs is needed (see fractrain --help)");
    if ((!o->epochs || o->recipe.dense.n) && !o->recipe.classes)
        misuse("-c CLASSES is needed with %s (see fractrain --help)", o->epochs ? "--dense" : "--steps");
    if (o->recipe.keep > 0 && !o->init)
        misuse("--keep is a share of --init's weights");
    struct err e;
    if (!frozen_taps_are(o->recipe.arch, o->taps, &e))
        misuse("--taps: %s", e.text);
    check_layers(o);
    check_passes(&o->recipe);
    if (operands > 1)
        misuse("one image stream at a time (cat joins several)");
}

static void begin_ranks(const struct classifier_recipe *r)
{
    ranks_begin();
    if (r->micro >= ranks_size())
        return;
    ranks_let_first_speak();
    misuse("%zu ranks need --micro %zu or more", ranks_size(), ranks_size());
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    check(&o.train, argc - optind);
    begin_ranks(&o.train.recipe);
    char *checkpoint = xprintf("%s.checkpoint", o.train.out);
    if (!o.train.loop.checkpoint)
        o.train.loop.checkpoint = checkpoint;
    const char *name = optind < argc ? argv[optind] : "-";
    FILE *f = file_open(name);
    classifier_train(f, file_label(name), &o.train);
    file_close(f);
    ranks_end();
    free(checkpoint);
    return out_close();
}
