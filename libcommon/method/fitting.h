/* What all methods share that train in steps: their options, the images' taps on disk, how many epochs there will be, in which order
 * the images come, which epoch is kept, and what is told. A method brings its network, one step and its loss on the held images:
 *
 *     detector.open     fitting_open(&o.fit, output)        paths are tried; a checkpoint that nobody asked for is refused
 *     detector.begin    f = fitting_new(&o.fit)
 *     detector.take     fitting_take(f, taps)               onto the disk
 *     detector.end      fitting_begin(f, &task)             images a step, steps an epoch: now the network is made
 *                       fitting_learner(f, ...)             and other parts: of the model (fitting_model_part), of what else a step depends on
 *                       fitting_train(f)                    the plan is told; steps; the best epoch's parts are put in place
 *     detector.free     fitting_free(f)                     the model is written: the checkpoint goes
 *
 * - An epoch is all images once, in an order by the seed, in steps of equal size: S = ceil(images / --batch) steps of floor(images / S)
 *   images. What is left over, less than S images, are others in each epoch.
 * - After each epoch the method tells its loss on the held images; the epoch with the lowest is the model. An epoch whose maps are
 *   constant (the training has collapsed) or whose loss is not a number is never chosen, and told of.
 * - --patience: so many epochs after the best one the training ends; which is the model is the same.
 * - --minutes: two or three steps are tried and timed, and all parts are put back as they were; so many epochs follow as the rest of the
 *   time has room for, one at the least. Their number is in the checkpoint, in by= and in the model: --epochs with it gives the same
 *   bytes.
 * - A loss that is not finite ends the training: the best epoch so far is the model, with a warning; dies where there is none yet.
 * - What a step or a look changes must be parts: they are undone where they were tried only, and missed where they were not saved.
 * - Killed at any moment and resumed with the same options and images: the same bytes (train/loop.h). Other images are refused. */
#ifndef METHOD_FITTING_H
#define METHOD_FITTING_H
#include "base/setting.h"
#include "method/detector.h"
#include "train/learner.h"
#include "train/loop.h"
#include "train/rate.h"

struct fitting_options {
    /* FITTING_AUTO: the method's number, or as many as --minutes allow; given with --minutes: at most. Settled later */
    size_t epochs;
    double minutes; /* 0: no budget */
    size_t batch;
    double rate;
    /* The rate rises from a tenth of itself in the first `warmup` of all steps; then it stays, or falls along half a cosine to `final` of
     * itself. FITTING_STEADY, 0: as the method has it. */
    enum fitting_schedule { FITTING_STEADY, FITTING_COSINE } schedule;
    double warmup, final;
    size_t patience; /* epochs without a better one, after which it ends; 0: it never does */
    uint64_t seed;
    enum fitting_store { FITTING_BF16, FITTING_F32 } store; /* how taps wait on the disk */
    const char *checkpoint, *log;
    bool resume;
    size_t every, log_every; /* steps */
    /* fitting_open's */
    struct loop *loop;
    char *beside; /* the checkpoint that stands beside the model */
};
#define FITTING_AUTO SIZE_MAX
extern const char *const fitting_auto[], *const fitting_stores[], *const fitting_schedules[];

/* Rows of a method's table; `member` of `type` is its struct fitting_options. FITTING_ROW: they are not the method's own. */
enum { FITTING_ROW = 8, FITTING_USE = DETECTOR_FIT | FITTING_ROW };
/* clang-format off */
#define FITTING_AT(type, member, field) offsetof(type, member) + offsetof(struct fitting_options, field)
/* How many steps of what; FITTING_FILES: where an unfinished training and its log are; FITTING_SETTINGS: all, of a method whose images' taps
 * wait here. letter: of --log, or 0. */
#define FITTING_STEPS(type, member)                                                                                        \
    {"epochs", 'e', SETTING_SIZE, FITTING_AT(type, member, epochs), 1, 1e9, fitting_auto, "N",                             \
     "times through the images; with --minutes: at most", FITTING_USE, NULL},                                             \
    {"minutes", 0, SETTING_REAL, FITTING_AT(type, member, minutes), 0, 1e6, NULL, "M",                                     \
     "as many epochs as fit into them; 0: no matter how long", FITTING_USE | SETTING_SILENT, NULL},                       \
    {"batch", 'b', SETTING_SIZE, FITTING_AT(type, member, batch), 1, 1 << 16, NULL, "N", "images a step at most",          \
     FITTING_USE, NULL},                                                                                                  \
    {"rate", 0, SETTING_REAL, FITTING_AT(type, member, rate), 0, 1e6, NULL, "R", "learning rate", FITTING_USE, NULL},     \
    {"seed", 's', SETTING_U64, FITTING_AT(type, member, seed), 0, 0, NULL, "SEED",                                         \
     "of the first weights and the images' order", FITTING_USE, NULL}
#define FITTING_FILES(type, member, letter)                                                                                \
    {"checkpoint", 0, SETTING_TEXT, FITTING_AT(type, member, checkpoint), 0, 0, NULL, "FILE",                              \
     "where an unfinished training is kept (default MODEL.checkpoint)", FITTING_USE | SETTING_SILENT, NULL},              \
    {"every", 0, SETTING_SIZE, FITTING_AT(type, member, every), 0, 1e15, NULL, "N",                                        \
     "steps between checkpoints; 0: every two minutes", FITTING_USE | SETTING_SILENT, NULL},                              \
    {"resume", 0, SETTING_FLAG, FITTING_AT(type, member, resume), 0, 0, NULL, NULL,                                        \
     "go on from the checkpoint, if there is one", FITTING_USE | SETTING_SILENT, NULL},                                   \
    {"log", letter, SETTING_TEXT, FITTING_AT(type, member, log), 0, 0, NULL, "FILE",                                       \
     "a table of the training, TSV", FITTING_USE | SETTING_SILENT, NULL},                                                 \
    {"log-every", 0, SETTING_SIZE, FITTING_AT(type, member, log_every), 1, 1e15, NULL, "N", "steps a row",                 \
     FITTING_USE | SETTING_SILENT, NULL}
#define FITTING_SETTINGS(type, member)                                                                                     \
    FITTING_STEPS(type, member),                                                                                           \
    {"store", 0, SETTING_CHOICE, FITTING_AT(type, member, store), 0, 0, fitting_stores, "TYPE",                            \
     "of the features that wait in TMPDIR", FITTING_USE, NULL},                                                           \
    {"schedule", 0, SETTING_CHOICE, FITTING_AT(type, member, schedule), 0, 0, fitting_schedules, "S",                      \
     "of the rate: constant, or along half a cosine down", FITTING_USE, NULL},                                            \
    {"warmup", 0, SETTING_REAL, FITTING_AT(type, member, warmup), 0, 1, NULL, "F",                                         \
     "the fraction of the steps in which the rate rises from a tenth", FITTING_USE, NULL},                                \
    {"final", 0, SETTING_REAL, FITTING_AT(type, member, final), 0, 1, NULL, "F",                                           \
     "what the cosine ends at, as a fraction of the rate", FITTING_USE, NULL},                                            \
    {"patience", 0, SETTING_SIZE, FITTING_AT(type, member, patience), 0, 1e9, NULL, "N",                                   \
     "end after so many epochs without a better one; 0: never", FITTING_USE, NULL},                                       \
    FITTING_FILES(type, member, 'l')
/* clang-format on */
/* Defaults beside the method's own batch and rate. */
#define FITTING_DEFAULTS(its_batch, its_rate)                                                                \
    {                                                                                                        \
        .epochs = FITTING_AUTO, .batch = its_batch, .rate = its_rate, .log_every = 10                        \
    }

/* A step to be taken. */
struct fitting_step {
    const size_t *image; /* n of those taken, for fitting_taps */
    size_t n;
    uint64_t step, epoch; /* 0 for the first */
    double rate;
};

/* How the model does on the held images. */
struct fitting_held {
    double loss;     /* mean over them */
    float low, high; /* smallest and largest value of their maps, or what collapses else */
};

struct fitting_task {
    const char *recipe;     /* what changes the training beside the options above, as text; copied */
    size_t epochs;          /* where neither --epochs nor --minutes says how many */
    struct rate rate;       /* base and steps are set by the fitting, the rest by options; {0}: constant */
    struct tap_store *held; /* NULL with fitting_elsewhere */
    const char *collapses;  /* what is constant where a training has collapsed; NULL: "the maps" */
    /* Forward, back, and the optimiser's move. The mean loss over the images; where it is not finite nothing has moved. */
    double (*step)(void *arg, const struct fitting_step *s);
    struct fitting_held (*look)(void *arg);
    void *arg;
};

/* What changes the training, of the table's rows without FITTING_ROW, as text: for task.recipe. free() it. */
char *fitting_recipe(const void *options, const struct setting *table);

struct fitting;
/* output: the model's path. */
void fitting_open(struct fitting_options *o, const char *output);
/* o stays the caller's and must last; its epochs are settled by fitting_train. */
struct fitting *fitting_new(struct fitting_options *o);
void fitting_take(struct fitting *f, const struct taps *image);
size_t fitting_images(const struct fitting *f);
/* Of image i, in the order in which they were taken; good until the next call. */
const struct taps *fitting_taps(struct fitting *f, size_t i);

/* In place of fitting_take, where a method keeps its images itself: how many there are to learn from, and held back; a hash of all. Then
 * the images of a step are known. */
void fitting_elsewhere(struct fitting *f, size_t images, size_t held, uint64_t hash);

/* The task is copied. */
void fitting_begin(struct fitting *f, const struct fitting_task *task);
size_t fitting_step_images(const struct fitting *f);
size_t fitting_epoch_steps(const struct fitting *f);
/* Arrays of the state, as loop_part; those of the model are kept a second time, as the best epoch has them. */
void fitting_model_part(struct fitting *f, const char *name, enum dtype type, void *data, size_t n);
void fitting_part(struct fitting *f, const char *name, enum dtype type, void *data, size_t n);
/* All that a learner's next step depends on; its values and statistics are the model's. */
void fitting_learner(struct fitting *f, struct learner *l, const char *prefix);
void fitting_train(struct fitting *f);
/* The epoch that the model is of, 1 for the first; its loss on the held images. */
size_t fitting_epoch(const struct fitting *f);
double fitting_loss(const struct fitting *f);
/* What was trained is safe: the checkpoint goes. NULL: nothing. */
void fitting_free(struct fitting *f);
#endif
