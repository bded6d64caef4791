#include "train/fit.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/thread.h"
#include "nn/networks.h"
#include "num/precision.h"
#include "nn/trainer.h"
#include "nn/weights.h"
#include "train/checkpoint.h"
#include "train/feed.h"
#include "train/journal.h"
#include "train/optimiser.h"
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fit {
    struct fit_options *o;
    struct graph built; /* where the options give no graph */
    const struct graph *graph;
    struct trainer *trainer;
    struct feed *feed;
    struct journal journal;
    char *recipe;
    float *velocity, *average;
    struct stretch *stretch;
    size_t stretches;
    struct target *target;
    unsigned char *positive;              /* batch x classes, multi-label only */
    struct augment_workspace **workspace; /* of each worker */
    uint64_t step, position;
    char *identity; /* of the stream that a checkpoint was made from */
    double last_checkpoint;
    const struct sample *batch; /* under way */
    uint64_t passes;            /* forward passes so far */
};

static volatile sig_atomic_t told_to_stop = 0;

static void on_signal(int sig)
{
    told_to_stop = sig;
}

/* The stream upstream may be cut by the same Ctrl-C that stops us: then its reader must not end the process
 * before the checkpoint is written. */
static void hold_reader(int status, const char *line)
{
    (void)status;
    (void)line;
    while (told_to_stop)
        pause();
}

static size_t classes(const struct fit *t)
{
    return t->o->recipe.classes;
}

/* Random weights, and over them what the initial ones have in the same shape. */
static void initial_weights(struct safetensors *st, const struct fit *t)
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

static void build(struct fit *t)
{
    const struct training *r = &t->o->recipe;
    struct safetensors st = {0};
    t->graph = t->o->graph;
    if (!t->graph) {
        network_build(&t->built, r->arch, classes(t));
        t->graph = &t->built;
    }
    initial_weights(&st, t);
    const struct trainer_plan plan = {(size_t)graph_find_tap(t->graph, "fc"), r->batch, r->augment.size,
                                      r->augment.size, training_precision(r)};
    t->trainer = trainer_new(t->graph, &st, t->o->init ? t->o->init : "random weights", &plan);
    safetensors_free(&st);
    notice("%s in %s, %zu classes: %.1f MB of parameters and gradients, %.1f MB of activations", r->arch,
           precision_name(plan.precision), classes(t), (double)trainer_parameter_bytes(t->trainer) / 1e6,
           (double)trainer_arena_bytes(t->trainer) / 1e6);
}

static void prepare(struct fit *t)
{
    const struct training *r = &t->o->recipe;
    size_t n;
    const float *values = trainer_values(t->trainer, &n);
    const struct parameter *p = trainer_parameters(t->trainer, &t->stretches);
    t->velocity = xcalloc(n, sizeof *t->velocity);
    if (r->average > 0)
        t->average = memcpy(xmalloc(n, sizeof *t->average), values, n * sizeof *values);
    t->stretch = xcalloc(t->stretches, sizeof *t->stretch);
    for (size_t i = 0; i < t->stretches; i++)
        t->stretch[i] =
            (struct stretch){p[i].offset, p[i].n, p[i].decays || r->decay_all ? (float)r->decay : 0.0f};
    t->target = xcalloc(r->batch, sizeof *t->target);
    if (r->multi)
        t->positive = xcalloc(r->batch * classes(t), 1);
    t->workspace = xcalloc(pool_size(), sizeof *t->workspace);
    for (size_t i = 0; i < pool_size(); i++)
        t->workspace[i] = augment_workspace_new(r->augment.size);
}

static struct checkpoint state_of(struct fit *t)
{
    struct checkpoint c = {.velocity = t->velocity,
                           .average = t->average,
                           .step = t->step,
                           .position = t->position,
                           .recipe = t->recipe,
                           .identity = t->feed ? feed_identity(t->feed) : ""};
    c.values = trainer_values(t->trainer, &c.parameters);
    c.statistics = trainer_statistics(t->trainer, &c.statistics_n);
    return c;
}

static double resume(struct fit *t)
{
    if (!t->o->resume || !t->o->checkpoint || access(t->o->checkpoint, F_OK) != 0)
        return 0;
    struct checkpoint c = state_of(t);
    checkpoint_read(t->o->checkpoint, &c);
    t->step = c.step;
    t->position = c.position;
    t->identity = (char *)c.identity;
    notice("%s: goes on after step %llu", t->o->checkpoint, (unsigned long long)t->step);
    return c.seconds;
}

static void save(struct fit *t)
{
    if (!t->o->checkpoint)
        return;
    struct checkpoint c = state_of(t);
    c.seconds = journal_seconds(&t->journal);
    checkpoint_write(t->o->checkpoint, &c);
    t->last_checkpoint = progress_clock();
}

static void save_when_due(struct fit *t)
{
    const uint64_t every = t->o->every;
    if (every ? t->step % every == 0 : progress_clock() - t->last_checkpoint >= 60 * t->o->minutes)
        save(t);
}

static void augment_task(void *arg, size_t i, size_t worker)
{
    const struct fit *t = arg;
    const struct training *r = &t->o->recipe;
    const struct sample *s = &t->batch[i];
    const size_t held = feed_held(t->feed);
    const uint64_t epoch = held ? (t->passes * r->batch + i) / held : 0;
    const struct view in = trainer_input(t->trainer);
    augment_image(&in, i, &s->raster, &r->augment, r->seed, epoch, s->index, t->workspace[worker]);
}

static void set_targets(struct fit *t)
{
    const size_t n = t->o->recipe.batch;
    for (size_t i = 0; i < n; i++)
        t->target[i] = (struct target){t->batch[i].label[0], t->batch[i].label[0], 1};
    if (!t->positive)
        return;
    memset(t->positive, 0, n * classes(t));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < t->batch[i].labels; j++)
            t->positive[i * classes(t) + t->batch[i].label[j]] = 1;
}

/* One batch through the network and back; its gradients are added. */
static struct loss learn(struct fit *t)
{
    const struct training *r = &t->o->recipe;
    const struct view in = trainer_input(t->trainer), logits = trainer_output(t->trainer);
    const struct view gradient = trainer_output_gradient(t->trainer);
    const double scale = 1.0 / (double)r->accumulate;
    pool_run(r->batch, augment_task, t);
    set_targets(t);
    if (!r->multi)
        mix_batch(&in, t->target, &r->mix, r->seed, t->passes);
    trainer_forward(t->trainer);
    const struct loss loss = r->multi
                                 ? loss_multi_label(&gradient, &logits, t->positive, scale)
                                 : loss_cross_entropy(&gradient, &logits, t->target, r->smoothing, scale);
    if (isfinite(loss.value))
        trainer_backward(t->trainer);
    t->passes++;
    return loss;
}

static _Noreturn void diverged(const struct fit *t)
{
    const bool kept = t->o->checkpoint && access(t->o->checkpoint, F_OK) == 0;
    die("the loss is not finite in step %llu; %s%s", (unsigned long long)t->step + 1,
        kept ? "the last checkpoint is kept: " : "there is no checkpoint yet", kept ? t->o->checkpoint : "");
}

/* False when told to stop before a batch came. */
static bool one_step(struct fit *t)
{
    const struct training *r = &t->o->recipe;
    const double rate = rate_at(&r->rate, t->step);
    struct loss sum = {0};
    size_t n;
    float *values = trainer_values(t->trainer, &n);
    memset(trainer_gradients(t->trainer), 0, n * sizeof *values);
    for (size_t a = 0; a < r->accumulate; a++) {
        t->batch = feed_batch(t->feed);
        if (!t->batch && told_to_stop)
            return false;
        if (!t->batch)
            die("the stream ended in step %llu of %zu", (unsigned long long)t->step + 1, r->rate.steps);
        const struct loss loss = learn(t);
        if (!isfinite(loss.value))
            diverged(t);
        sum.value += loss.value / (double)r->accumulate;
        sum.correct += loss.correct;
    }
    sgd_step(values, t->velocity, trainer_gradients(t->trainer), t->stretch, t->stretches, (float)rate,
             (float)r->momentum);
    if (t->average)
        average_step(t->average, values, n, (float)r->average);
    t->step++;
    t->position = feed_position(t->feed);
    journal_step(&t->journal, t->step, t->passes * r->batch, sum.value, sum.correct, r->batch * r->accumulate,
                 rate);
    return true;
}

static void write_weights(struct fit *t)
{
    const struct training *r = &t->o->recipe;
    const double *mean = r->augment.norm.mean, *std = r->augment.norm.std;
    struct safetensors st = {0};
    size_t n;
    trainer_export(t->trainer, t->average ? t->average : trainer_values(t->trainer, &n), &st);
    note_set(&st.meta, "arch", r->arch);
    note_setf(&st.meta, "classes", "%zu", classes(t));
    note_setf(&st.meta, "mean", "%g,%g,%g", mean[0], mean[1], mean[2]);
    note_setf(&st.meta, "std", "%g,%g,%g", std[0], std[1], std[2]);
    note_set(&st.meta, "recipe", t->recipe);
    note_setf(&st.meta, "samples", "%llu", (unsigned long long)(t->passes * r->batch));
    note_set(&st.meta, "images", feed_identity(t->feed));
    note_set(&st.meta, "by", "fractrain " FERN_VERSION);
    safetensors_write(&st, t->o->out);
    safetensors_free(&st);
}

static void die_by_signal(struct fit *t)
{
    save(t);
    notice("stopped after step %llu", (unsigned long long)t->step);
    signal(told_to_stop, SIG_DFL);
    raise(told_to_stop);
}

static struct feed *open_feed(const struct fit *t, FILE *f, const char *label)
{
    const struct training *r = &t->o->recipe;
    const struct feed_options o = {.hold = t->o->epochs > 0,
                                   .classes = classes(t),
                                   .multi = r->multi,
                                   .batch = r->batch,
                                   .memory = t->o->memory,
                                   .seed = r->seed,
                                   .position = t->position,
                                   .identity = t->identity,
                                   .interrupted = &told_to_stop};
    return feed_new(f, label, &o);
}

/* A held set says how many classes and steps there are, so it is read first; of a stream nothing is read
 * before its position is known. A held set's place is a function of the steps done. */
static void open_all(struct fit *t, FILE *f, const char *label)
{
    struct training *r = &t->o->recipe;
    if (t->o->epochs) {
        t->feed = open_feed(t, f, label);
        r->classes = feed_classes(t->feed);
        const uint64_t a_step = r->batch * r->accumulate, images = t->o->epochs * feed_held(t->feed);
        if (images < a_step)
            die("%s: %llu images are too few for a batch of %llu", label, (unsigned long long)images,
                (unsigned long long)a_step);
        r->rate.steps = images / a_step;
    }
    training_finish(r);
    t->recipe = training_text(r);
    build(t);
    prepare(t);
}

static void train(struct fit *t)
{
    t->last_checkpoint = progress_clock();
    while (t->step < t->o->recipe.rate.steps) {
        const bool stepped = one_step(t);
        if (told_to_stop)
            die_by_signal(t);
        if (stepped && t->step < t->o->recipe.rate.steps)
            save_when_due(t);
    }
}

static void release(struct fit *t)
{
    for (size_t i = 0; i < pool_size(); i++)
        augment_workspace_free(t->workspace[i]);
    trainer_free(t->trainer);
    feed_free(t->feed);
    graph_free(&t->built);
    free(t->workspace);
    free(t->recipe);
    free(t->velocity);
    free(t->average);
    free(t->stretch);
    free(t->target);
    free(t->positive);
    free(t->identity);
}

void fit(FILE *f, const char *label, struct fit_options *o)
{
    struct fit t = {.o = o};
    open_all(&t, f, label);
    const double before = resume(&t);
    t.passes = t.step * o->recipe.accumulate;
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    err_hook = hold_reader;
    if (t.feed)
        feed_resume(t.feed, t.position, t.identity);
    else
        t.feed = open_feed(&t, f, label);
    journal_open(&t.journal, o->log, o->log_every, t.step, o->recipe.rate.steps, before);
    train(&t);
    journal_close(&t.journal);
    write_weights(&t);
    if (o->checkpoint && access(o->checkpoint, F_OK) == 0)
        unlink(o->checkpoint);
    release(&t);
}
