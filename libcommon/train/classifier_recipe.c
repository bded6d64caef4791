#include "train/classifier_recipe.h"
#include "base/err.h"
#include "base/mem.h"
#include "nn/networks.h"
#include "nn/precision_option.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *const classifier_recipe_names[] = {"paper", "ofdb", "fern", NULL};

static struct augment_options augment_fern(size_t size)
{
    struct augment_options a = augment_ofdb(size);
    a.autoaugment = false;
    a.erase = 0;
    a.range.area_min = 0.2;
    a.flip = 0.5;
    a.jitter = (struct colour_jitter){0.8, 0.4, 0.4, 0.4, 0.1};
    a.grey = 0.1;
    return a;
}

struct classifier_recipe classifier_recipe_named(size_t name)
{
    struct classifier_recipe r = {
        .name = classifier_recipe_names[name],
        .arch = "resnet18",
        .layers = 4,
        .precision = CLASSIFIER_RECIPE_AUTO,
        .batch = 32,
        .accumulate = 1,
        .micro = 1,
        .rate = {.kind = RATE_COSINE, .base = 0.1, .final = 1e-5, .warmup_from = 1e-6},
        .momentum = 0.9,
        .decay = 1e-4,
        .decay_all = true,
        .mix = {.probability = 0, .cutmix = 0.5, .mixup_alpha = 1, .cutmix_alpha = 1},
    };
    if (name == CLASSIFIER_RECIPE_PAPER) {
        r.rate = (struct rate){.kind = RATE_STEP, .base = 0.1, .milestone = {0.3, 0.6}, .milestones = 2};
        r.augment = augment_paper(224);
    } else if (name == CLASSIFIER_RECIPE_OFDB) {
        r.warmup = 5.0 / 20000;
        r.augment = augment_ofdb(224);
        r.mix = mix_ofdb;
    } else {
        r.warmup = 0.02;
        r.decay_all = false;
        r.smoothing = 0.1;
        r.augment = augment_fern(128);
    }
    return r;
}

void classifier_recipe_finish(struct classifier_recipe *r)
{
    r->rate.warmup = (size_t)(r->warmup * (double)r->rate.steps);
    r->precision = precision_settled(r->precision);
}

size_t classifier_recipe_pass(const struct classifier_recipe *r)
{
    return r->batch / r->micro;
}

enum dtype classifier_recipe_precision(const struct classifier_recipe *r)
{
    return precision_choice(r->precision);
}

static const char *const schedules[] = {"constant", "step", "cosine", NULL};
static const char *const losses[] = {"softmax", "multi", NULL};
static const char *const crops[] = {"centre", "random", "resized", NULL};
static const char *const wires[] = {"f32", "bf16", NULL};
static const char *const yes_no[] = {"no", "yes", NULL};
/* The first of precision_names: no training in 8 bits. */

static bool read_jitter(void *value, const char *text, struct err *e)
{
    struct colour_jitter *j = value;
    int end = 0;
    const int n =
        sscanf(text, "%lf,%lf,%lf,%lf%n", &j->brightness, &j->contrast, &j->saturation, &j->hue, &end);
    if (n != 4 || text[end] ||
        !(j->brightness >= 0 && j->contrast >= 0 && j->saturation >= 0 && j->hue >= 0 && j->hue <= 0.5))
        return err_set(e, "'%s' is not four strengths b,c,s,h (hue at most .5)", text);
    j->probability = j->brightness + j->contrast + j->saturation + j->hue > 0 ? 0.8 : 0;
    return true;
}

static void print_jitter(FILE *f, const void *value)
{
    const struct colour_jitter *j = value;
    fprintf(f, "%g,%g,%g,%g", j->brightness, j->contrast, j->saturation, j->hue);
}

/* r,g,b/r,g,b, as print_norm writes it. */
static bool read_mean_and_deviation(struct normalisation *n, const char *text, const char *slash)
{
    char *mean = xstrndup(text, (size_t)(slash - text));
    bool good = normalisation_parse(n->mean, mean) && normalisation_parse(n->std, slash + 1);
    for (size_t c = 0; c < 3; c++)
        good = good && n->std[c] > 0;
    free(mean);
    return good;
}

static bool read_norm(void *value, const char *text, struct err *e)
{
    const char *slash = strchr(text, '/');
    struct normalisation read;
    static const char *const names[] = {"imagenet", "paper", "none", NULL};
    const struct normalisation norms[] = {
        normalisation_imagenet, {{.2, .2, .2}, {.5, .5, .5}}, {{0, 0, 0}, {1, 1, 1}}};
    size_t which;
    if (slash && !read_mean_and_deviation(&read, text, slash))
        return err_set(e, "'%s' is not r,g,b/r,g,b, a mean and a deviation above 0", text);
    if (slash) {
        *(struct normalisation *)value = read;
        return true;
    }
    if (!opt_parse_choice(&which, text, names, e))
        return false;
    *(struct normalisation *)value = norms[which];
    return true;
}

static void print_norm(FILE *f, const void *value)
{
    const struct normalisation *n = value;
    fprintf(f, "%g,%g,%g/%g,%g,%g", n->mean[0], n->mean[1], n->mean[2], n->std[0], n->std[1], n->std[2]);
}

/* "layer2:.5,layer3:1", or "none". */
static bool read_dense(void *value, const char *text, struct err *e)
{
    struct dense_taps d = {0};
    const char *p = strcmp(text, "none") == 0 ? "" : text;
    while (*p) {
        unsigned stage;
        double weight;
        int end = 0;
        if (d.n == DENSE_TAPS || sscanf(p, "layer%1u:%lf%n", &stage, &weight, &end) != 2 || stage < 1 ||
            stage > 4 || !(weight > 0 && weight <= 100) || (p[end] && (p[end] != ',' || !p[end + 1])))
            return err_set(e, "'%s' is not LAYER:WEIGHT, several joined by commas, nor none", text);
        snprintf(d.at[d.n].tap, sizeof d.at[d.n].tap, "layer%u", stage);
        for (size_t i = 0; i < d.n; i++)
            if (strcmp(d.at[i].tap, d.at[d.n].tap) == 0)
                return err_set(e, "'%s' names %s twice", text, d.at[i].tap);
        d.at[d.n++].weight = weight;
        p += end + (p[end] == ',');
    }
    *(struct dense_taps *)value = d;
    return true;
}

static void print_dense(FILE *f, const void *value)
{
    const struct dense_taps *d = value;
    for (size_t i = 0; i < d->n; i++)
        fprintf(f, "%s%s:%g", i ? "," : "", d->at[i].tap, d->at[i].weight);
    if (d->n == 0)
        fputs("none", f);
}

static const struct setting_own dense = {read_dense, print_dense};
static const struct setting_own jitter = {read_jitter, print_jitter}, norm = {read_norm, print_norm};

/* A setting that came after files were written: as it is by default it is not in a recipe's text, which stays what it was. */
#define LATER 1u
/* clang-format off */
#define AT(field) offsetof(struct classifier_recipe, field)
#define SIZE(name, letter, field, low, high, value, help) \
    {name, letter, SETTING_SIZE, AT(field), low, high, NULL, value, help, 0, NULL}
#define REAL(name, field, high, value, help) {name, 0, SETTING_REAL, AT(field), 0, high, NULL, value, help, 0, NULL}
#define CHOICE(name, field, choices, value, help) {name, 0, SETTING_CHOICE, AT(field), 0, 0, choices, value, help, 0, NULL}
#define SWITCH(name, field, choices, value, help) {name, 0, SETTING_SWITCH, AT(field), 0, 0, choices, value, help, 0, NULL}
#define OWN(name, field, own, value, help) {name, 0, SETTING_OWN, AT(field), 0, 0, NULL, value, help, 0, own}

const struct setting classifier_recipe_network[] = {
    {"arch", 'a', SETTING_WORD, AT(arch), 0, 0, network_names, "ARCH", "the network", 0, NULL},
    SIZE("layers", 0, layers, 1, 4, "N", "stages of the network, the image's class is told from the last"),
    CHOICE("precision", precision, precision_names_of_training, "P",
           "of activations and products (auto: bf16 where this processor has instructions for it)"),
    SIZE("classes", 'c', classes, 1, 1e6, "N", "labels are below N; with -e the default is as many as there are"),
    {"freeze", 0, SETTING_TEXT, AT(freeze), 0, 0, NULL, "NAMES",
     "stay as they are: beginnings of tensors' names; layer1 to layer4 with all before them", 0, NULL},
    SIZE("batch", 'b', batch, 1, 4096, "N", "images in a forward pass"),
    SIZE("accumulate", 0, accumulate, 1, 4096, "N", "forward passes in a step"),
    {"micro", 0, SETTING_SIZE, AT(micro), 1, 4096, NULL, "M",
     "micro-batches that a batch is dealt out to, a power of two: forward passes of a step that ranks of mpirun share", LATER, NULL},
    {"wire", 0, SETTING_SWITCH, AT(narrow), 0, 0, wires, "TYPE",
     "of their gradients on the way to a sum; bf16 travels twice as fast", LATER, NULL},
    SIZE("steps", 'n', rate.steps, 1, 1e12, "N", "of a stream, every image once"),
    {"seed", 's', SETTING_U64, AT(seed), 0, 0, NULL, "N", "of first weights, order and augmentation", 0, NULL},
    SETTINGS_END};

const struct setting classifier_recipe_optimiser[] = {
    REAL("rate", rate.base, 100, "R", "learning rate of SGD"),
    CHOICE("schedule", rate.kind, schedules, "S", "of the rate (step: a tenth at .3 and .6 of the steps)"),
    REAL("warmup", warmup, 1, "F", "the fraction of the steps in which the rate rises"),
    REAL("momentum", momentum, 1, "M", "of SGD"),
    REAL("decay", decay, 1, "D", "weight decay"),
    SWITCH("decay-all", decay_all, yes_no, "Y", "whether biases and batch norms decay too"),
    REAL("smoothing", smoothing, 1, "S", "of the labels"),
    SWITCH("loss", multi, losses, "L", "for one label an image, or several (binary cross-entropy)"),
    OWN("dense", dense, &dense, "LAYER:W,...", "losses of weight W at each cell of these layers, by the images' fourth channel"),
    REAL("average", average, 0.999999, "D", "write a moving average of the weights with this decay; 0: off"),
    {"keep", 0, SETTING_REAL, AT(keep), 0, 1, NULL, "F", "share of --init's weights in those that are written", LATER, NULL},
    SETTINGS_END};

const struct setting classifier_recipe_augmentation[] = {
    SIZE("size", 'z', augment.size, 32, 1024, "N", "side of the square that the network sees"),
    CHOICE("crop", augment.crop, crops, "C", "how it is cut out"),
    {"area", 0, SETTING_REAL, AT(augment.range.area_min), 0.01, 1, NULL, "LO",
     "smallest share of the area of a resized crop", 0, NULL},
    REAL("mirror", augment.mirror, 1, "P", "probability of left to right"),
    REAL("flip", augment.flip, 1, "P", "of top to bottom"),
    OWN("jitter", augment.jitter, &jitter, "B,C,S,H", "strengths of brightness, contrast, saturation and hue"),
    REAL("grey", augment.grey, 1, "P", "probability of grey"),
    REAL("blur", augment.blur, 1, "P", "of a Gaussian blur"),
    SWITCH("autoaugment", augment.autoaugment, yes_no, "Y", "the policy for ImageNet"),
    REAL("erase", augment.erase, 1, "P", "probability of a hole"),
    REAL("mix", mix.probability, 1, "P", "probability that a batch is mixed, by mixup or CutMix"),
    OWN("norm", augment.norm, &norm, "NORM", "mean and deviation of the network's input: imagenet, paper (.2/.5), none, or MEAN/STD, as r,g,b/r,g,b"),
    SETTINGS_END};
/* clang-format on */

static bool is_said(const struct classifier_recipe *r, const struct setting *s)
{
    const struct classifier_recipe usual = classifier_recipe_named(0);
    return setting_is_set(r, s) && !(s->use & LATER && setting_equal(r, &usual, s));
}

char *classifier_recipe_text(const struct classifier_recipe *r)
{
    const struct setting *const tables[] = {classifier_recipe_network, classifier_recipe_optimiser,
                                            classifier_recipe_augmentation};
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for a recipe");
    fprintf(f, "recipe=%s", r->name);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct setting *s = tables[i]; s->name; s++) {
            if (!is_said(r, s))
                continue;
            fprintf(f, " %s=", s->name);
            setting_print(f, r, s);
        }
    fclose(f);
    return text;
}
