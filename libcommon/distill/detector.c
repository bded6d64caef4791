/* The settings of Reverse Distillation and STFPM, and who has chosen which. */
#include "distill/detector.h"
#include "distill/model.h"
#include "nn/networks.h"
#include "nn/precision_option.h"

static const struct distill_options defaults = {.fit = FITTING_DEFAULTS(16, 0.005),
                                                .embedding = 512,
                                                .width = DISTILL_AUTO,
                                                .loss = LESSON_IMAGES,
                                                .optimiser = OPTIMISER_ADAM,
                                                .beta2 = 0.999,
                                                .rules = {IMITATION_SUM, MAP_ALIGN_CORNERS},
                                                .meet = DISTILL_MAP,
                                                .map = {.score = {.form = SCORE_MAP_MAX}, .sigma = MAP_SIGMA},
                                                .precision = PRECISION_AUTO};

static const char *const automatic[] = {"auto", NULL};
static const char *const losses[] = {"images", "mean", "sum", NULL};          /* enum lesson_loss */
static const char *const optimisers[] = {"sgd", "adam", NULL};                /* enum optimiser_kind */
static const char *const combines[] = {"sum", "product", NULL};               /* enum imitation_combine */
static const char *const upsamples[] = {"half-pixel", "align-corners", NULL}; /* enum map_rule */
static const char *const meets[] = {"tap", "map", NULL};                      /* enum distill_meet */
static const char *const no_yes[] = {"no", "yes", NULL};

/* clang-format off */
#define AT(field) offsetof(struct distill_options, field)
enum { KEPT = DETECTOR_FIT | DETECTOR_KEPT };
static const struct setting settings[] = {
    FITTING_SETTINGS(struct distill_options, fit),
    {"weights", 'w', SETTING_TEXT, AT(weights), 0, 0, NULL, "W",
     "stfpm: of the teacher; a safetensors file, or random:SEED", DETECTOR_BOTH | SETTING_SILENT, NULL},
    {"student", 0, SETTING_WORD, AT(arch), 0, 0, network_names, "ARCH",
     "the teacher that the student mirrors (default: as the features say, else by their channels)", KEPT, NULL},
    {"embedding", 0, SETTING_SIZE, AT(embedding), 1, 4096, NULL, "N", "planes of the embedding: its channels, or with bottlenecks a quarter of them", KEPT, NULL},
    {"width", 0, SETTING_SIZE, AT(width), 1, 65535, automatic, "N",
     "channels inside of the bottleneck's blocks, where they are bottlenecks; auto: 1024 for Wide ResNet-50-2, else 512", KEPT, NULL},
    {"loss", 0, SETTING_CHOICE, AT(loss), 0, 0, losses, "L", "over whole maps, or over positions: their mean, or half their sum over the images",
     DETECTOR_FIT, NULL},
    {"optimiser", 0, SETTING_CHOICE, AT(optimiser), 0, 0, optimisers, "O", "which", DETECTOR_FIT, NULL},
    {"zero-init-residual", 0, SETTING_SWITCH, AT(zero_residuals), 0, 0, no_yes, "yes|no",
     "whether the student's blocks begin as their shortcuts", DETECTOR_FIT, NULL},
    {"beta2", 0, SETTING_REAL, AT(beta2), 0, 0.9999999, NULL, "B", "Adam's, of the squares; the other is 0.5", DETECTOR_FIT, NULL},
    {"decay", 0, SETTING_REAL, AT(decay), 0, 1, NULL, "D", "weight decay", DETECTOR_FIT, NULL},
    {"combine", 0, SETTING_CHOICE, AT(rules.combine), 0, 0, combines, "C", "of the layers' maps", KEPT, NULL},
    {"upsample", 0, SETTING_CHOICE, AT(rules.upsample), 0, 0, upsamples, "U", "bilinear, of the layers' maps", KEPT, NULL},
    {"meet", 0, SETTING_CHOICE, AT(meet), 0, 0, meets, "GRID", "where they are combined: in the finest layer's size or the map's", KEPT, NULL},
    MAP_SETTINGS(struct distill_options, map, maps),
    {"precision", 0, SETTING_CHOICE, AT(precision), 0, 0, precision_names_of_training, "P",
     "of the student; auto: bf16 where the CPU has instructions for it", KEPT, NULL},
    SETTINGS_END,
};
/* clang-format on */

static const char *const methods[] = {"rd", "stfpm", NULL};

static void choose(void *options, size_t method)
{
    struct distill_options *o = options;
    o->pyramid = method == 1;
    if (!o->pyramid)
        return;
    o->fit.batch = 32;
    o->fit.rate = 0.4;
    o->loss = LESSON_MEAN;
    o->optimiser = OPTIMISER_SGD;
    o->decay = 1e-4;
    o->zero_residuals = true;
    o->rules = (struct imitation_rules){IMITATION_PRODUCT, MAP_HALF_PIXEL};
    o->meet = DISTILL_TAP;
    o->map.sigma = 0;
}

static const char *const people[] = {"anomalib", "original", "paper", NULL};
enum { ANOMALIB, ORIGINAL, PAPER };

/* The paper (arXiv 2405.06980) ran Anomalib's; all count their epochs so. */
static void follow(void *options, size_t who)
{
    struct distill_options *o = options;
    o->map.score = (struct image_score){.form = SCORE_MAP_MAX};
    o->map.sigma = o->pyramid ? 0 : MAP_SIGMA;
    if (o->pyramid) {
        o->fit.epochs = 100;
        o->fit.patience = who == ORIGINAL ? 0 : 5;
        o->loss = who == ORIGINAL ? LESSON_MEAN : LESSON_SUM;
        o->decay = who == ORIGINAL ? 1e-4 : 1e-3;
        o->zero_residuals = who != ORIGINAL;
        o->meet = who == ORIGINAL ? DISTILL_TAP : DISTILL_MAP;
        return;
    }
    o->fit.epochs = 200;
    o->map.border = who == ORIGINAL ? MAP_MIRROR_EDGE : MAP_MIRROR;
    o->width = who == ORIGINAL ? DISTILL_AUTO : 512;
    o->beta2 = who == ORIGINAL ? 0.999 : 0.99;
}

const struct detector distill_detector = {
    .name = "distill",
    .settings = settings,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .methods = methods,
    .choose = choose,
    .people = people,
    .follow = follow,
    .images_min = HELD_EVERY,
    .network = distill_network,
    .open = distill_open,
    .begin = distill_begin,
    .take = distill_take,
    .end = distill_end,
    .save = distill_save,
    .describe = distill_describe,
    .load = distill_load,
    .accepts = distill_accepts,
    .grid = distill_grid,
    .rules = distill_rules,
    .score = distill_score,
    .free = distill_free,
};
