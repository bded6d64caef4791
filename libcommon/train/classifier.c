/* A batch through the classifier's training:
 *
 *   1  feed.c   a thread of its own reads the stream, or deals out the held set in the epoch's order, one batch ahead.
 *   2  augment_task   each worker cuts an image out, alters it and writes it, normalised, into the trainer's input.
 *   3  set_targets, mix_batch   the labels; with a probability, images and labels are mixed with one another.
 *   4  trainer_forward   logits.
 *   5  loss_cross_entropy or loss_multi_label   their loss, and its gradient into the trainer's output gradient; and loss_dense
 *      of the cells of layers that learn labels of their own (--dense), whose heads are further outputs.
 *   6  trainer_backward   adds to the gradient of every parameter. 1 to 6 are done --accumulate times.
 *   7  learner_step   one move of the parameters, and of their average.
 *   8  loop.c   journal, checkpoint, signals; and again. In the end write_weights: tensors and what featx must know. */
#include "train/classifier.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/product.h"
#include "base/thread.h"
#include "nn/networks.h"
#include "nn/precision_option.h"
#include "nn/weights.h"
#include "train/checkpoint.h"
#include "train/dense_loss.h"
#include "train/feed.h"
#include "train/freeze.h"
#include "train/learner.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct classifier {
    struct classifier_options *o;
    struct graph built; /* where the options give no graph */
    const struct graph *graph;
    struct learner learner;
    struct feed *feed;
    struct loop *loop;
    struct product *out; /* NULL: opened when there are weights */
    char *recipe;
    struct freeze freeze;
    struct loss_target *target;
    struct view labels;                   /* of every pixel of the batch, where cells learn; else no data */
    unsigned char *positive;              /* batch x classes, multi-label only */
    struct augment_workspace **workspace; /* of each worker */
    const struct feed_sample *batch;      /* under way */
    uint64_t passes, position; /* forward passes so far; the feed's place after the last whole step */
};

/* Of what is trained: "fc" is output 0, the head of the i-th dense tap is output i + 1. */
enum { OUTPUTS = 1 + DENSE_TAPS };

static size_t classes(const struct classifier *t)
{
    return t->o->recipe.classes;
}

/* A 1 x 1 convolution to the classes on each layer whose cells learn. */
static void add_heads(struct graph *g, const struct classifier_recipe *r)
{
    for (size_t i = 0; i < r->dense.n; i++) {
        char name[32];
        const size_t x = (size_t)graph_find_tap(g, r->dense.at[i].tap);
        const struct convolution c = {g->node[x].channels, r->classes, 1, 1, 0};
        snprintf(name, sizeof name, "dense.%s", r->dense.at[i].tap);
        graph_tap(g, graph_conv(g, x, name, c, true), name);
    }
}

static void find_outputs(size_t output[OUTPUTS], const struct graph *g, const struct dense_taps *dense)
{
    output[0] = (size_t)graph_find_tap(g, "fc");
    for (size_t i = 0; i < dense->n; i++) {
        char name[32];
        snprintf(name, sizeof name, "dense.%s", dense->at[i].tap);
        output[i + 1] = (size_t)graph_find_tap(g, name);
    }
}

/* Random weights, and over them what the initial ones have in the same shape. */
static void initial_weights(struct safetensors *st, const struct classifier *t)
{
    struct safetensors random = {0}, init = {0};
    weights_random(&random, t->graph, t->o->recipe.seed);
    if (t->o->init)
        safetensors_open(&init, t->o->init);
    size_t taken = 0;
    for (size_t i = 0; i < random.n; i++) {
        const struct tensor *from = safetensors_find(&init, random.entry[i].name);
        const bool fits = from && tensor_same_shape(from, &random.entry[i].tensor);
        safetensors_add(st, random.entry[i].name, fits ? from : &random.entry[i].tensor);
        taken += fits;
    }
    if (t->o->init && taken == 0)
        die("%s: no tensor fits a %s", t->o->init, t->o->recipe.arch);
    if (t->o->init)
        notice("%s: %zu of %zu tensors taken", t->o->init, taken, random.n);
    safetensors_free(&random);
    safetensors_free(&init);
}

/* The network, its weights, its optimiser. */
static void build(struct classifier *t)
{
    const struct classifier_recipe *r = &t->o->recipe;
    struct safetensors st = {0};
    t->graph = t->o->graph;
    if (!t->graph) {
        network_build_stages(&t->built, r->arch, r->layers, classes(t));
        add_heads(&t->built, r);
        t->graph = &t->built;
    }
    initial_weights(&st, t);
    const struct optimiser_options sgd = {
        .kind = OPTIMISER_SGD, .momentum = r->momentum, .average = r->average};
    size_t output[OUTPUTS];
    find_outputs(output, t->graph, &r->dense);
    const struct trainer_plan plan = {.output = output,
                                      .outputs = 1 + r->dense.n,
                                      .n = r->batch,
                                      .h = r->augment.size,
                                      .w = r->augment.size,
                                      .precision = classifier_recipe_precision(r),
                                      .frozen = t->freeze.name,
                                      .fixed = t->freeze.name};
    struct trainer *trainer = trainer_new(t->graph, &st, t->o->init ? t->o->init : "random weights", &plan);
    freeze_check(&t->freeze, trainer);
    learner_init(&t->learner, trainer, &sgd, r->decay, r->decay_all);
    safetensors_free(&st);
    notice("%s in %s, %zu classes: %.1f MB of parameters and gradients, %.1f MB of activations", r->arch,
           precision_name(plan.precision), classes(t), (double)trainer_parameter_bytes(trainer) / 1e6,
           (double)trainer_arena_bytes(trainer) / 1e6);
}

static void prepare(struct classifier *t)
{
    const struct classifier_recipe *r = &t->o->recipe;
    t->target = xcalloc(r->batch, sizeof *t->target);
    if (r->multi)
        t->positive = xcalloc(r->batch * classes(t), 1);
    const size_t side = r->augment.size;
    t->labels = (struct view){.n = r->batch, .h = side, .w = side, .c = 1, .type = DT_F32};
    if (r->dense.n)
        t->labels.data = xcalloc(view_bytes(&t->labels), 1);
    t->workspace = xcalloc(pool_size(), sizeof *t->workspace);
    for (size_t i = 0; i < pool_size(); i++)
        t->workspace[i] = augment_workspace_new(r->augment.size);
}

static void augment_task(void *arg, size_t i, size_t worker)
{
    const struct classifier *t = arg;
    const struct classifier_recipe *r = &t->o->recipe;
    const struct feed_sample *s = &t->batch[i];
    const size_t held = feed_held(t->feed);
    const uint64_t epoch = held ? (t->passes * r->batch + i) / held : 0;
    const struct view in = trainer_input(t->learner.trainer, 0);
    augment_image(&in, i, &s->raster, &r->augment, r->seed, epoch, s->index, t->workspace[worker]);
    if (r->dense.n)
        augment_labels(&t->labels, i, &s->raster, &r->augment, r->seed, epoch, s->index);
}

static void set_targets(struct classifier *t)
{
    const size_t n = t->o->recipe.batch;
    for (size_t i = 0; i < n; i++)
        t->target[i] = (struct loss_target){t->batch[i].label[0], t->batch[i].label[0], 1};
    if (!t->positive)
        return;
    memset(t->positive, 0, n * classes(t));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < t->batch[i].labels; j++)
            t->positive[i * classes(t) + t->batch[i].label[j]] = 1;
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
            loss_dense(&gradient, &logits, &t->labels, weight / (double)r->accumulate);
        loss->value += weight * cells.value;
        report->part[i].sum += (double)cells.correct;
        report->part[i].count += (double)cells.cells;
    }
}

/* One batch through the network and back; its gradients are added. */
static struct loss learn(struct classifier *t, struct loop_report *report)
{
    const struct classifier_recipe *r = &t->o->recipe;
    const struct view in = trainer_input(t->learner.trainer, 0),
                      logits = trainer_output(t->learner.trainer, 0);
    const struct view gradient = trainer_output_gradient(t->learner.trainer, 0);
    const double scale = 1.0 / (double)r->accumulate;
    pool_run(r->batch, augment_task, t);
    set_targets(t);
    if (!r->multi)
        mix_batch(&in, t->target, &r->mix, r->seed, t->passes);
    if (!r->multi && r->dense.n)
        mix_labels(&t->labels, &r->mix, r->seed, t->passes);
    trainer_forward(t->learner.trainer);
    struct loss loss = r->multi ? loss_multi_label(&gradient, &logits, t->positive, scale)
                                : loss_cross_entropy(&gradient, &logits, t->target, r->smoothing, scale);
    learn_cells(t, &loss, report);
    if (isfinite(loss.value))
        trainer_backward(t->learner.trainer);
    t->passes++;
    return loss;
}

/* The passes of one step, and the optimiser's move. */
static bool take_step(void *arg, uint64_t step, struct loop_report *report)
{
    struct classifier *t = arg;
    const struct classifier_recipe *r = &t->o->recipe;
    learner_clear(&t->learner);
    report->rate = rate_at(&r->rate, step);
    for (size_t a = 0; a < r->accumulate; a++) {
        t->batch = feed_batch(t->feed);
        if (!t->batch && *loop_signal())
            return false;
        if (!t->batch)
            die("the stream ended in step %llu of %zu", (unsigned long long)step + 1, r->rate.steps);
        const struct loss loss = learn(t, report);
        report->loss += loss.value / (double)r->accumulate;
        report->measure += (double)loss.correct;
        if (!isfinite(loss.value))
            return true;
    }
    learner_step(&t->learner, step, report->rate);
    report->images = r->batch * r->accumulate;
    report->samples = t->passes * r->batch;
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
    if (t->o->narrow)
        safetensors_narrow(&st);
    note_set(&st.meta, "arch", r->arch);
    if (t->o->taps)
        note_set(&st.meta, "taps", t->o->taps);
    note_setf(&st.meta, "classes", "%zu", classes(t));
    note_setf(&st.meta, "mean", "%g,%g,%g", mean[0], mean[1], mean[2]);
    note_setf(&st.meta, "std", "%g,%g,%g", std[0], std[1], std[2]);
    note_set(&st.meta, "recipe", t->recipe);
    note_setf(&st.meta, "samples", "%llu", (unsigned long long)(t->passes * r->batch));
    note_set(&st.meta, "images", feed_identity(t->feed));
    note_set(&st.meta, "by", "fractrain " FERN_VERSION);
    safetensors_write_product(&st, product_tried(t->out, t->o->out));
    safetensors_free(&st);
}

static struct feed *open_feed(const struct classifier *t, FILE *f, const char *label, const char *identity)
{
    const struct classifier_recipe *r = &t->o->recipe;
    const struct feed_options o = {.hold = t->o->epochs > 0,
                                   .classes = classes(t),
                                   .multi = r->multi,
                                   .planes = r->dense.n > 0,
                                   .batch = r->batch,
                                   .memory = t->o->memory,
                                   .batches = t->o->epochs ? 0 : r->rate.steps * r->accumulate - t->passes,
                                   .seed = r->seed,
                                   .position = t->position,
                                   .identity = identity,
                                   .interrupted = loop_signal()};
    return feed_new(f, label, &o);
}

/* A held set says how many classes and steps there are, so it is read first; of a stream nothing is read
 * before its position is known. A held set's place is a function of the steps done. */
static void open_all(struct classifier *t, FILE *f, const char *label)
{
    struct classifier_recipe *r = &t->o->recipe;
    if (t->o->epochs) {
        t->feed = open_feed(t, f, label, NULL);
        r->classes = feed_classes(t->feed);
        const uint64_t a_step = r->batch * r->accumulate, images = t->o->epochs * feed_held(t->feed);
        if (images < a_step)
            die("%s: %llu images are too few for a batch of %llu", label, (unsigned long long)images,
                (unsigned long long)a_step);
        r->rate.steps = images / a_step;
    }
    classifier_recipe_finish(r);
    t->recipe = classifier_recipe_text(r);
    build(t);
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
    const char *identity = state ? checkpoint_word(path, state, "identity") : NULL;
    t->position = state ? checkpoint_count(path, state, "position") : 0;
    t->passes = loop_steps_done(t->loop) * t->o->recipe.accumulate;
    if (t->feed)
        feed_resume(t->feed, t->position, identity);
    else
        t->feed = open_feed(t, f, label, identity);
}

static void release(struct classifier *t)
{
    for (size_t i = 0; i < pool_size(); i++)
        augment_workspace_free(t->workspace[i]);
    learner_free(&t->learner);
    feed_free(t->feed);
    graph_free(&t->built);
    freeze_free(&t->freeze);
    free(t->workspace);
    free(t->recipe);
    free(t->target);
    free(t->positive);
    free(t->labels.data);
}

void classifier_train(FILE *f, const char *label, struct classifier_options *o)
{
    struct classifier t = {.o = o,
                           .freeze = freeze_new(o->recipe.freeze),
                           .loop = loop_new(&o->loop),
                           .out = product_try(o->out)};
    open_all(&t, f, label);
    learner_parts(&t.learner, t.loop, "");
    resume(&t, f, label);
    loop_run(t.loop, o->recipe.rate.steps);
    if (!checkpoint_finite(loop_parts(t.loop)))
        die("the weights are not finite after the last step");
    write_weights(&t);
    release(&t);
    loop_end(t.loop);
}
