/* A batch through the classifier's training:
 *
 *   1  feed.c   a thread of its own reads the stream, or deals out the held set in the epoch's order, one batch ahead.
 *   2  augment_task   each worker cuts an image out, alters it and writes it, normalised, into the trainer's input.
 *   3  set_targets, mix_batch   the labels; with a probability, images and labels are mixed with one another.
 *   4  trainer_forward   logits.
 *   5  loss_cross_entropy or loss_multi_label   their loss, and its gradient into the trainer's output gradient; and loss_dense
 *      of the cells of layers that learn labels of their own (--dense), whose heads are further outputs.
 *   6  trainer_backward   adds to the gradient of every parameter. 2 to 6 are done --accumulate times, 1 too; or for each
 *      micro-batch (--micro) that is this rank's, and micro.c adds up.
 *   7  learner_step   one move of the parameters, and of their average.
 *   8  loop.c   journal, checkpoint, signals; and again. In the end write_weights: tensors, between the first
 *      and the last ones if --keep wants it (keep.c), and what featx must know. */
#include "train/classifier.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/product.h"
#include "base/thread.h"
#include "ranks/ranks.h"
#include "train/checkpoint.h"
#include "train/classifier_network.h"
#include "train/dense_loss.h"
#include "train/feed.h"
#include "train/freeze.h"
#include "train/keep.h"
#include "train/learner.h"
#include "train/micro.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct classifier {
    struct classifier_options *o;
    struct learner learner;
    struct feed *feed;
    struct loop *loop;
    struct product *out; /* NULL: opened when there are weights */
    char *recipe;
    struct freeze freeze;
    struct safetensors begun; /* the initial weights, where a share of them is kept */
    struct loss_target *target;
    struct view labels;                   /* of every pixel of the batch, where cells learn; else no data */
    unsigned char *positive;              /* batch x classes, multi-label only */
    struct augment_workspace **workspace; /* of each worker */
    struct micro *micro;                  /* NULL: batches are not split */
    const struct feed_sample *batch;      /* under way */
    size_t first, apart;                  /* of it, the pass's first image, and how far the next one is */
    uint64_t pass, position; /* the pass under way, of all; the feed's place after the last whole step */
    char identity[300];      /* of the images that the checkpoint was made from; "": none */
};

static size_t classes(const struct classifier *t)
{
    return t->o->recipe.classes;
}

/* Images of a pass; passes of a step, all ranks' together. */
static size_t pass_images(const struct classifier *t)
{
    return classifier_recipe_pass(&t->o->recipe);
}

static size_t step_passes(const struct classifier *t)
{
    return t->o->recipe.accumulate * t->o->recipe.micro;
}

static void prepare(struct classifier *t)
{
    const struct classifier_recipe *r = &t->o->recipe;
    const size_t n = pass_images(t), side = r->augment.size;
    t->target = xcalloc(n, sizeof *t->target);
    if (r->multi)
        t->positive = xcalloc(n * classes(t), 1);
    t->labels = (struct view){.n = n, .h = side, .w = side, .c = 1, .type = DT_F32};
    if (r->dense.n)
        t->labels.data = xcalloc(view_bytes(&t->labels), 1);
    t->workspace = xcalloc(pool_size(), sizeof *t->workspace);
    for (size_t i = 0; i < pool_size(); i++)
        t->workspace[i] = augment_workspace_new(r->augment.size);
}

static const struct feed_sample *sample(const struct classifier *t, size_t i)
{
    return &t->batch[t->first + i * t->apart];
}

/* Image i of the pass, of all that were dealt: micro-batch m of a batch has images m, m + micro, ... */
static uint64_t dealt(const struct classifier *t, size_t i)
{
    const size_t micro = t->o->recipe.micro;
    return t->pass / micro * t->o->recipe.batch + t->pass % micro + i * micro;
}

static void augment_task(void *arg, size_t i, size_t worker)
{
    const struct classifier *t = arg;
    const struct classifier_recipe *r = &t->o->recipe;
    const struct feed_sample *s = sample(t, i);
    const size_t held = feed_held(t->feed);
    const uint64_t epoch = held ? dealt(t, i) / held : 0;
    const struct view in = trainer_input(t->learner.trainer, 0);
    augment_image(&in, i, &s->raster, &r->augment, r->seed, epoch, s->index, t->workspace[worker]);
    if (r->dense.n)
        augment_labels(&t->labels, i, &s->raster, &r->augment, r->seed, epoch, s->index);
}

static void set_targets(struct classifier *t)
{
    const size_t n = pass_images(t);
    for (size_t i = 0; i < n; i++)
        t->target[i] = (struct loss_target){sample(t, i)->label[0], sample(t, i)->label[0], 1};
    if (!t->positive)
        return;
    memset(t->positive, 0, n * classes(t));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < sample(t, i)->labels; j++)
            t->positive[i * classes(t) + sample(t, i)->label[j]] = 1;
}

/* The losses of cells, their gradients into the trainer's; adds them to the report and to the loss. */
static void learn_cells(struct classifier *t, struct loss *loss, struct loop_report *report)
{
    const struct classifier_recipe *r = &t->o->recipe;
    for (size_t i = 0; i < r->dense.n; i++) {
        const struct view logits = trainer_output(t->learner.trainer, i + 1);
        const struct view gradient = trainer_output_gradient(t->learner.trainer, i + 1);
        const double weight = r->dense.at[i].weight;
        const struct dense_loss cells =
            loss_dense(&gradient, &logits, &t->labels, weight / (double)step_passes(t));
        loss->value += weight * cells.value;
        report->part[i].sum += (double)cells.correct;
        report->part[i].count += (double)cells.cells;
    }
}

/* The pass's images through the network; the gradients of its loss are in the outputs. Adds to the report. */
static void go_forward(struct classifier *t, struct loop_report *report)
{
    const struct classifier_recipe *r = &t->o->recipe;
    const struct view in = trainer_input(t->learner.trainer, 0),
                      logits = trainer_output(t->learner.trainer, 0);
    const struct view gradient = trainer_output_gradient(t->learner.trainer, 0);
    const double passes = (double)step_passes(t), scale = 1.0 / passes;
    pool_run(pass_images(t), augment_task, t);
    set_targets(t);
    if (!r->multi)
        mix_batch(&in, t->target, &r->mix, r->seed, t->pass);
    if (!r->multi && r->dense.n)
        mix_labels(&t->labels, &r->mix, r->seed, t->pass);
    trainer_forward(t->learner.trainer);
    struct loss loss = r->multi ? loss_multi_label(&gradient, &logits, t->positive, scale)
                                : loss_cross_entropy(&gradient, &logits, t->target, r->smoothing, scale);
    learn_cells(t, &loss, report);
    report->loss += loss.value / passes;
    report->measure += (double)loss.correct;
}

/* The next images; false when a signal came while they were awaited. */
static bool next_images(struct classifier *t, uint64_t step)
{
    t->batch = feed_batch(t->feed);
    if (!t->batch && *loop_signal())
        return false;
    if (!t->batch)
        die("the stream ended in step %llu of %zu", (unsigned long long)step + 1, t->o->recipe.rate.steps);
    return true;
}

/* The passes of a step one after the other: their gradients are added as they come. */
static bool take_passes(struct classifier *t, uint64_t step, struct loop_report *report)
{
    const size_t passes = step_passes(t);
    learner_clear(&t->learner);
    for (size_t a = 0; a < passes; a++) {
        if (!next_images(t, step))
            return false;
        t->pass = step * passes + a;
        t->first = 0;
        t->apart = 1;
        go_forward(t, report);
        if (!isfinite(report->loss))
            return true;
        trainer_backward(t->learner.trainer);
    }
    return true;
}

/* This rank's micro-batches. Its images are every so many-th of the batch, so of them it's every micro_own-th that is one's. */
static bool take_micro_batches(struct classifier *t, uint64_t step, struct loop_report *report)
{
    const bool begins = t->batch == NULL;
    char place[400];
    if (!next_images(t, step))
        return false;
    snprintf(place, sizeof place, "%s up to image %llu", feed_identity(t->feed),
             (unsigned long long)feed_position(t->feed));
    if (begins)
        ranks_agree("the stream", place);
    t->apart = micro_own(t->micro);
    for (size_t i = 0; i < micro_own(t->micro); i++) {
        struct loop_report part = {0};
        const size_t which = micro_which(t->micro, i);
        t->pass = step * step_passes(t) + which;
        t->first = which / ranks_size();
        micro_begin(t->micro, i);
        go_forward(t, &part);
        micro_backward(t->micro, i, &part);
    }
    micro_end(t->micro, report);
    return true;
}

/* The passes of one step, and the optimiser's move. */
static bool take_step(void *arg, uint64_t step, struct loop_report *report)
{
    struct classifier *t = arg;
    const struct classifier_recipe *r = &t->o->recipe;
    report->rate = rate_at(&r->rate, step);
    if (!(t->micro ? take_micro_batches : take_passes)(t, step, report))
        return false;
    if (!isfinite(report->loss))
        return true;
    learner_step(&t->learner, step, report->rate);
    report->images = r->batch * r->accumulate;
    report->samples = (step + 1) * report->images;
    t->position = feed_position(t->feed);
    return true;
}

/* Where the stream goes on, and which one it is. */
static void save_place(void *arg, struct note *state)
{
    const struct classifier *t = arg;
    note_set(state, "identity", feed_identity(t->feed));
    note_setf(state, "position", "%llu", (unsigned long long)t->position);
}

static void write_weights(struct classifier *t)
{
    const struct classifier_recipe *r = &t->o->recipe;
    const double *mean = r->augment.norm.mean, *std = r->augment.norm.std;
    struct safetensors st = {0};
    learner_export(&t->learner, &st);
    keep_share(&st, &t->begun, r->keep);
    if (t->o->narrow)
        safetensors_narrow(&st);
    note_set(&st.meta, "arch", r->arch);
    if (t->o->taps)
        note_set(&st.meta, "taps", t->o->taps);
    note_setf(&st.meta, "classes", "%zu", classes(t));
    note_setf(&st.meta, "mean", "%g,%g,%g", mean[0], mean[1], mean[2]);
    note_setf(&st.meta, "std", "%g,%g,%g", std[0], std[1], std[2]);
    note_set(&st.meta, "recipe", t->recipe);
    note_setf(&st.meta, "samples", "%llu", (unsigned long long)(r->rate.steps * r->batch * r->accumulate));
    note_set(&st.meta, "images", feed_identity(t->feed));
    note_set(&st.meta, "by", "fractrain " FERN_VERSION);
    safetensors_write_product(&st, product_tried(t->out, t->o->out));
    safetensors_free(&st);
}

static struct feed *open_feed(const struct classifier *t, FILE *f, const char *label)
{
    const struct classifier_recipe *r = &t->o->recipe;
    const struct feed_options o = {
        .hold = t->o->epochs > 0,
        .classes = classes(t),
        .multi = r->multi,
        .planes = r->dense.n > 0,
        .batch = r->batch / ranks_size(),
        .share = {ranks_mine(), r->micro > 1 ? ranks_size() : 0, r->micro},
        .memory = t->o->memory,
        .batches = t->o->epochs ? 0 : (r->rate.steps - loop_steps_done(t->loop)) * r->accumulate,
        .seed = r->seed,
        .position = t->position,
        .identity = *t->identity ? t->identity : NULL,
        .interrupted = loop_signal()};
    return feed_new(f, label, &o);
}

/* A held set says how many classes and steps there are, so it is read first; of a stream nothing is read
 * before its position is known. A held set's place is a function of the steps done. */
static void open_all(struct classifier *t, FILE *f, const char *label)
{
    struct classifier_recipe *r = &t->o->recipe;
    if (t->o->epochs) {
        t->feed = open_feed(t, f, label);
        r->classes = feed_classes(t->feed);
        const uint64_t a_step = r->batch * r->accumulate, images = t->o->epochs * feed_held(t->feed);
        if (images < a_step)
            die("%s: %llu images are too few for a batch of %llu", label, (unsigned long long)images,
                (unsigned long long)a_step);
        r->rate.steps = images / a_step;
    }
    classifier_recipe_finish(r);
    t->recipe = classifier_recipe_text(r);
    classifier_network(&t->learner, t->o, &t->freeze);
    if (r->micro > 1)
        t->micro = micro_new(&t->learner, r->micro, r->narrow);
    prepare(t);
}

/* From the checkpoint, where there is one, to the feed at the place where training goes on. */
static void resume(struct classifier *t, FILE *f, const char *label)
{
    struct loop_task task = {
        .recipe = t->recipe, .measure = "accuracy", .step = take_step, .save = save_place, .arg = t};
    for (size_t i = 0; i < t->o->recipe.dense.n; i++)
        task.part[i] = t->o->recipe.dense.at[i].tap;
    const struct note *state = loop_resume(t->loop, &task);
    const char *path = t->o->loop.checkpoint;
    if (state) {
        t->position = checkpoint_count(path, state, "position");
        snprintf(t->identity, sizeof t->identity, "%s", checkpoint_word(path, state, "identity"));
    }
    ranks_copy(&t->position, sizeof t->position);
    ranks_copy(t->identity, sizeof t->identity);
    if (t->feed)
        feed_resume(t->feed, t->position, *t->identity ? t->identity : NULL);
    else
        t->feed = open_feed(t, f, label);
}

/* Ranks that train on other options, or begin with other weights, would not learn one network. */
static void agree(const struct classifier *t)
{
    char hash[17];
    size_t n;
    const float *values = trainer_values(t->learner.trainer, &n);
    ranks_agree("the training", t->recipe);
    hash_text(hash, ranks_size() > 1 ? hash_bytes(values, n * sizeof *values) : 0);
    ranks_agree("the first weights", hash);
}

static void release(struct classifier *t)
{
    for (size_t i = 0; i < pool_size(); i++)
        augment_workspace_free(t->workspace[i]);
    micro_free(t->micro);
    learner_free(&t->learner);
    feed_free(t->feed);
    freeze_free(&t->freeze);
    safetensors_free(&t->begun);
    free(t->workspace);
    free(t->recipe);
    free(t->target);
    free(t->positive);
    free(t->labels.data);
}

/* Rank 0 writes what is to be written. */
void classifier_train(FILE *f, const char *label, struct classifier_options *o)
{
    const bool first = ranks_mine() == 0;
    if (!first)
        o->loop.checkpoint = o->loop.log = NULL;
    struct classifier t = {.o = o,
                           .freeze = freeze_new(o->recipe.freeze),
                           .loop = loop_new(&o->loop),
                           .out = first ? product_try(o->out) : NULL};
    open_all(&t, f, label);
    if (first && o->recipe.keep > 0)
        safetensors_open(&t.begun, o->init);
    learner_parts(&t.learner, t.loop, "");
    resume(&t, f, label);
    agree(&t);
    loop_run(t.loop, o->recipe.rate.steps);
    if (!checkpoint_finite(loop_parts(t.loop))) {
        ranks_let_first_speak();
        die("the weights are not finite after the last step");
    }
    if (first)
        write_weights(&t);
    release(&t);
    loop_end(t.loop);
}
