#include "train/training.h"
#include "base/err.h"
#include "base/opt.h"
#include "nn/networks.h"
#include "nn/precision_option.h"
#include <stddef.h>
#include <stdio.h>

const char *const training_names[] = {"paper", "ofdb", "fern", NULL};
enum { PAPER, OFDB, FERN };

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

struct training training_named(size_t name)
{
    struct training r = {
        .name = training_names[name],
        .arch = "resnet18",
        .precision = TRAIN_AUTO,
        .batch = 32,
        .accumulate = 1,
        .rate = {.kind = RATE_COSINE, .base = 0.1, .final = 1e-5, .warmup_from = 1e-6},
        .momentum = 0.9,
        .decay = 1e-4,
        .decay_all = true,
        .mix = {.probability = 0, .cutmix = 0.5, .mixup_alpha = 1, .cutmix_alpha = 1},
    };
    if (name == PAPER) {
        r.rate = (struct rate){.kind = RATE_STEP, .base = 0.1, .milestone = {0.3, 0.6}, .milestones = 2};
        r.augment = augment_paper(224);
    } else if (name == OFDB) {
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

void training_finish(struct training *r)
{
    r->rate.warmup = (size_t)(r->warmup * (double)r->rate.steps);
    r->precision = training_precision(r) == DT_BF16 ? TRAIN_BF16 : TRAIN_F32;
}

enum dtype training_precision(const struct training *r)
{
    return precision_choice(r->precision);
}

enum kind { REAL, COUNT, SEED, YES, CHOICE, ARCH, JITTER, NORM };

static const char *const schedules[] = {"constant", "step", "cosine", NULL}, *const losses[] = {
                                                                                 "softmax", "multi", NULL};
static const char *const crops[] = {"centre", "random", "resized", NULL}, *const yes_no[] = {"no", "yes",
                                                                                             NULL};

/* The first of precision_names: no training in 8 bits. */
static const char *const precisions[] = {"f32", "bf16", "auto", NULL};

#define AT(field) offsetof(struct training, field)
const struct training_option training_options[] = {
    {"arch", 'a', ARCH, AT(arch), 0, 0, NULL},
    {"precision", 0, CHOICE, AT(precision), 0, 0, precisions},
    {"classes", 'c', COUNT, AT(classes), 1, 1e6, NULL},
    {"batch", 'b', COUNT, AT(batch), 1, 4096, NULL},
    {"accumulate", 0, COUNT, AT(accumulate), 1, 4096, NULL},
    {"steps", 'n', COUNT, AT(rate.steps), 1, 1e12, NULL},
    {"seed", 's', SEED, AT(seed), 0, 0, NULL},
    {"rate", 0, REAL, AT(rate.base), 0, 100, NULL},
    {"schedule", 0, CHOICE, AT(rate.kind), 0, 0, schedules},
    {"warmup", 0, REAL, AT(warmup), 0, 1, NULL},
    {"momentum", 0, REAL, AT(momentum), 0, 1, NULL},
    {"decay", 0, REAL, AT(decay), 0, 1, NULL},
    {"decay-all", 0, YES, AT(decay_all), 0, 0, yes_no},
    {"smoothing", 0, REAL, AT(smoothing), 0, 1, NULL},
    {"loss", 0, YES, AT(multi), 0, 0, losses},
    {"average", 0, REAL, AT(average), 0, 0.999999, NULL},
    {"size", 'z', COUNT, AT(augment.size), 32, 1024, NULL},
    {"crop", 0, CHOICE, AT(augment.crop), 0, 0, crops},
    {"area", 0, REAL, AT(augment.range.area_min), 0.01, 1, NULL},
    {"mirror", 0, REAL, AT(augment.mirror), 0, 1, NULL},
    {"flip", 0, REAL, AT(augment.flip), 0, 1, NULL},
    {"jitter", 0, JITTER, AT(augment.jitter), 0, 0, NULL},
    {"grey", 0, REAL, AT(augment.grey), 0, 1, NULL},
    {"blur", 0, REAL, AT(augment.blur), 0, 1, NULL},
    {"autoaugment", 0, YES, AT(augment.autoaugment), 0, 0, yes_no},
    {"erase", 0, REAL, AT(augment.erase), 0, 1, NULL},
    {"mix", 0, REAL, AT(mix.probability), 0, 1, NULL},
    {"norm", 0, NORM, AT(augment.norm), 0, 0, NULL},
    {NULL, 0, 0, 0, 0, 0, NULL},
};

static void set_jitter(struct colour_jitter *j, const char *text)
{
    int end = 0;
    const int n =
        sscanf(text, "%lf,%lf,%lf,%lf%n", &j->brightness, &j->contrast, &j->saturation, &j->hue, &end);
    if (n != 4 || text[end] ||
        !(j->brightness >= 0 && j->contrast >= 0 && j->saturation >= 0 && j->hue >= 0 && j->hue <= 0.5))
        misuse("--jitter: '%s' is not four strengths b,c,s,h (hue at most .5)", text);
    j->probability = j->brightness + j->contrast + j->saturation + j->hue > 0 ? 0.8 : 0;
}

static void set_norm(struct normalisation *norm, const char *text)
{
    static const char *const names[] = {"imagenet", "paper", "none", NULL};
    static const struct normalisation paper = {{.2, .2, .2}, {.5, .5, .5}}, none = {{0, 0, 0}, {1, 1, 1}};
    const size_t which = opt_choice("--norm", text, names);
    *norm = which == 0 ? normalisation_imagenet : which == 1 ? paper : none;
}

void training_set(struct training *r, const struct training_option *option, const char *text)
{
    void *at = (char *)r + option->offset;
    char name[32];
    snprintf(name, sizeof name, "--%s", option->name);
    switch ((enum kind)option->kind) {
    case REAL:
        *(double *)at = opt_real(name, text, option->low, option->high);
        break;
    case COUNT:
        *(size_t *)at = opt_size(name, text, (size_t)option->low, (size_t)option->high);
        break;
    case SEED:
        *(uint64_t *)at = opt_u64(name, text);
        break;
    case YES:
        *(bool *)at = opt_choice(name, text, option->choices) == 1;
        break;
    case CHOICE:
        *(unsigned *)at = (unsigned)opt_choice(name, text, option->choices);
        break;
    case ARCH:
        *(const char **)at = network_names[opt_choice(name, text, network_names)];
        break;
    case JITTER:
        set_jitter(at, text);
        break;
    case NORM:
        set_norm(at, text);
        break;
    }
}

static void print_value(FILE *f, const struct training *r, const struct training_option *option)
{
    const void *at = (const char *)r + option->offset;
    const struct colour_jitter *j = at;
    const struct normalisation *n = at;
    switch ((enum kind)option->kind) {
    case REAL:
        fprintf(f, "%.9g", *(const double *)at);
        break;
    case COUNT:
        fprintf(f, "%zu", *(const size_t *)at);
        break;
    case SEED:
        fprintf(f, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case YES:
        fprintf(f, "%s", option->choices[*(const bool *)at]);
        break;
    case CHOICE:
        fprintf(f, "%s", option->choices[*(const unsigned *)at]);
        break;
    case ARCH:
        fprintf(f, "%s", *(const char *const *)at);
        break;
    case JITTER:
        fprintf(f, "%g,%g,%g,%g", j->brightness, j->contrast, j->saturation, j->hue);
        break;
    case NORM:
        fprintf(f, "%g,%g,%g/%g,%g,%g", n->mean[0], n->mean[1], n->mean[2], n->std[0], n->std[1], n->std[2]);
        break;
    }
}

char *training_text(const struct training *r)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for a recipe");
    fprintf(f, "recipe=%s", r->name);
    for (const struct training_option *o = training_options; o->name; o++) {
        fprintf(f, " %s=", o->name);
        print_value(f, r, o);
    }
    fclose(f);
    return text;
}
