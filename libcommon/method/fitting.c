/* A fit in steps, from its first image to its model:
 *
 *   1  fitting_open tries the paths before anything is read; fitting_take spools image after image, and hashes it.
 *   2  fitting_begin divides: steps an epoch, images a step.
 *   3  The method names its arrays; the model's are doubled for the best epoch's. All are parts of the checkpoint.
 *   4  fitting_train fills them from a checkpoint, or plans (fitting_plan.c): how many epochs, how long they will take.
 *   5  train/loop takes the steps; the images of a step follow from the seed and its number alone.
 *   6  After an epoch's last step the method looks at the held images; the best state so far is copied aside.
 *   7  In the end it is copied back: what the method then saves is the model. */
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "method/fitting_parts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fitting_auto[] = {"auto", NULL}; /* FITTING_AUTO */
const char *const fitting_stores[] = {"bf16", "f32", NULL};
const char *const fitting_schedules[] = {"constant", "cosine", NULL};

enum { CHECKPOINT_MINUTES = 2 };

void fitting_open(struct fitting_options *o, const char *output)
{
    char *beside = xprintf("%s.checkpoint", output);
    const struct loop_options l = {.checkpoint = o->checkpoint ? o->checkpoint : beside,
                                   .resume = o->resume,
                                   .every = o->every,
                                   .minutes = CHECKPOINT_MINUTES,
                                   .log = o->log,
                                   .log_every = o->log_every};
    o->loop = loop_new(&l);
    o->beside = beside;
}

struct fitting *fitting_new(struct fitting_options *o)
{
    struct fitting *f = xcalloc(1, sizeof *f);
    f->o = o;
    f->loop = o->loop;
    f->store = tap_store_new("the features", o->store == FITTING_BF16 ? DT_BF16 : DT_F32);
    f->best_loss = f->loss = (double)INFINITY;
    hash_init(&f->hash);
    return f;
}

static void hash_taps(struct fitting *f, const struct taps *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct tap *p = &t->tap[i];
        hash_add(&f->hash, p->value, p->height * p->width * p->channels * sizeof *p->value);
    }
}

void fitting_take(struct fitting *f, const struct taps *image)
{
    hash_taps(f, image);
    f->disk += taps_values(image) * (f->o->store == FITTING_BF16 ? sizeof(uint16_t) : sizeof(float));
    tap_store_add(f->store, image);
    f->taken++;
}

size_t fitting_images(const struct fitting *f)
{
    return f->taken;
}

const struct taps *fitting_taps(struct fitting *f, size_t i)
{
    return tap_store_read(f->store, i);
}

/* The options above as text, by the table that they were read with. */
static char *recipe_of(const struct fitting_options *o, const char *rest)
{
    struct alone {
        struct fitting_options o;
    } alone = {*o};
    static const struct setting table[] = {FITTING_SETTINGS(struct alone, o), SETTINGS_END};
    char *by = settings_by(&alone, table, DETECTOR_FIT);
    char *recipe = xprintf("%s%s --minutes %.9g", rest, by, o->minutes);
    free(by);
    return recipe;
}

char *fitting_recipe(const void *options, const struct setting *table)
{
    struct setting own[64];
    size_t n = 0;
    for (; table->name; table++)
        if (!(table->use & FITTING_ROW))
            own[n++] = *table;
    own[n] = (struct setting)SETTINGS_END;
    return settings_by(options, own, DETECTOR_FIT);
}

static void divide(struct fitting *f)
{
    f->steps = (f->taken + f->o->batch - 1) / f->o->batch;
    f->images = f->taken / f->steps;
}

void fitting_elsewhere(struct fitting *f, size_t images, size_t held, uint64_t hash)
{
    f->taken = images;
    f->held = held;
    hash_add(&f->hash, &hash, sizeof hash);
    divide(f);
}

static void take_held(struct fitting *f, struct tap_store *held)
{
    f->held = tap_store_images(held);
    for (size_t i = 0; i < f->held; i++)
        hash_taps(f, tap_store_read(held, i));
}

void fitting_begin(struct fitting *f, const struct fitting_task *task)
{
    f->task = *task;
    if (!f->task.collapses)
        f->task.collapses = "the maps";
    divide(f);
    f->order = epoch_order_new(f->o->seed, f->taken);
    f->recipe = recipe_of(f->o, task->recipe);
    if (task->held)
        take_held(f, task->held);
    hash_text(f->identity, hash_value(&f->hash));
}

size_t fitting_step_images(const struct fitting *f)
{
    return f->images;
}

size_t fitting_epoch_steps(const struct fitting *f)
{
    return f->steps;
}

void fitting_part(struct fitting *f, const char *name, enum dtype type, void *data, size_t n)
{
    loop_part(f->loop, name, type, data, n);
}

void fitting_model_part(struct fitting *f, const char *name, enum dtype type, void *data, size_t n)
{
    char best[64];
    const size_t bytes = n * dtype_size(type);
    mem_need(bytes, "the best epoch's model");
    f->kept = xgrow(f->kept, f->keeps, &f->kept_capacity, sizeof *f->kept);
    f->kept[f->keeps++] = (struct fitting_kept){data, xcalloc(bytes, 1), bytes};
    snprintf(best, sizeof best, "best.%s", name);
    loop_part(f->loop, name, type, data, n);
    loop_part(f->loop, best, type, f->kept[f->keeps - 1].best, n);
}

void fitting_learner(struct fitting *f, struct learner *l, const char *prefix)
{
    char name[64];
    size_t values, statistics;
    float *value = trainer_values(l->trainer, &values),
          *statistic = trainer_statistics(l->trainer, &statistics);
    snprintf(name, sizeof name, "%svalues", prefix);
    fitting_model_part(f, name, DT_F32, value, values);
    snprintf(name, sizeof name, "%sstatistics", prefix);
    if (statistics)
        fitting_model_part(f, name, DT_F32, statistic, statistics);
    optimiser_parts(&l->optimiser, f->loop, prefix);
}

double fitting_step(struct fitting *f, uint64_t step)
{
    const uint64_t epoch = step / f->steps;
    const struct fitting_step s = {epoch_order_of(&f->order, epoch) + step % f->steps * f->images, f->images,
                                   step, epoch, rate_at(&f->task.rate, (size_t)step)};
    return f->task.step(f->task.arg, &s);
}

/* Maps whose values differ by no more than rounding. */
static bool is_flat(const struct fitting_held *h)
{
    return !(h->high - h->low > 1e-6f * fmaxf(fabsf(h->low), fabsf(h->high)));
}

static void end_epoch(struct fitting *f, size_t epoch)
{
    const struct fitting_held h = f->task.look(f->task.arg);
    f->loss = h.loss;
    notice("epoch %zu: %.6g on the held images", epoch, h.loss);
    if (is_flat(&h) && !f->collapsed) {
        f->collapsed = epoch;
        warning("epoch %zu: %s are constant, the training has collapsed; such an epoch is not taken", epoch,
                f->task.collapses);
    }
    if (is_flat(&h) || !(h.loss < f->best_loss))
        return;
    f->best = epoch;
    f->best_loss = h.loss;
    for (size_t i = 0; i < f->keeps; i++)
        memcpy(f->kept[i].best, f->kept[i].data, f->kept[i].bytes);
}

/* By the step and the best epoch alone, so that a training that was resumed ends where it would have. */
static bool is_vain(const struct fitting *f, uint64_t step)
{
    return f->o->patience && step % f->steps == 0 && step / f->steps >= f->best + f->o->patience;
}

static bool take_step(void *arg, uint64_t step, struct loop_report *r)
{
    struct fitting *f = arg;
    if (is_vain(f, step)) {
        notice("%zu epochs without a better one: the training ends", f->o->patience);
        *r = (struct loop_report){.over = true};
        return false;
    }
    *r = (struct loop_report){.loss = fitting_step(f, step),
                              .images = f->images,
                              .samples = (step + 1) * f->images,
                              .rate = rate_at(&f->task.rate, (size_t)step)};
    if (!isfinite(r->loss) && f->best) {
        warning("the loss is not finite in step %llu: the training ends there, the model is epoch %zu's",
                (unsigned long long)step + 1, f->best);
        r->over = true;
        return false;
    }
    if (isfinite(r->loss) && (step + 1) % f->steps == 0)
        end_epoch(f, (size_t)((step + 1) / f->steps));
    r->measure = f->loss * (double)f->images;
    return true;
}

/* Losses as hexadecimal floats: to the bit. */
static void save(void *arg, struct note *state)
{
    const struct fitting *f = arg;
    note_set(state, "identity", f->identity);
    note_setf(state, "epochs", "%zu", f->o->epochs);
    note_setf(state, "best", "%zu", f->best);
    note_setf(state, "collapsed", "%zu", f->collapsed);
    note_setf(state, "best_loss", "%a", f->best_loss);
    note_setf(state, "loss", "%a", f->loss);
}

static void recall(struct fitting *f, const struct note *state)
{
    const char *path = f->o->checkpoint ? f->o->checkpoint : f->o->beside;
    if (strcmp(checkpoint_word(path, state, "identity"), f->identity) != 0)
        die("%s: made with other images: they can't be changed within a training", path);
    f->o->epochs = (size_t)checkpoint_count(path, state, "epochs");
    f->best = (size_t)checkpoint_count(path, state, "best");
    f->collapsed = (size_t)checkpoint_count(path, state, "collapsed");
    f->best_loss = strtod(checkpoint_word(path, state, "best_loss"), NULL);
    f->loss = strtod(checkpoint_word(path, state, "loss"), NULL);
}

/* What the model is made of becomes what it was after the best epoch. */
static void put_back(struct fitting *f)
{
    if (!f->best)
        die("no epoch gave a model: %s %s", f->collapsed ? f->task.collapses : "its loss on the held images",
            f->collapsed ? "are constant in each of them" : "is not a number");
    for (size_t i = 0; i < f->keeps; i++)
        memcpy(f->kept[i].data, f->kept[i].best, f->kept[i].bytes);
}

static void settle_rate(struct fitting *f)
{
    const struct fitting_options *o = f->o;
    struct rate *r = &f->task.rate;
    r->steps = o->epochs * f->steps;
    if (o->schedule == FITTING_COSINE) {
        r->kind = RATE_COSINE;
        r->final = o->final * o->rate;
    }
    if (o->warmup > 0) {
        r->warmup = (size_t)(o->warmup * (double)r->steps);
        r->warmup_from = o->rate / 10;
    }
}

void fitting_train(struct fitting *f)
{
    const struct loop_task task = {
        .recipe = f->recipe, .measure = "held", .step = take_step, .save = save, .arg = f};
    const struct note *state = loop_resume(f->loop, &task);
    f->task.rate.base = f->o->rate;
    if (state)
        recall(f, state);
    else
        fitting_plan(f);
    settle_rate(f);
    loop_run(f->loop, f->task.rate.steps);
    put_back(f);
    notice("epoch %zu of %zu is the model's: %.6g on the held images", f->best, f->o->epochs, f->best_loss);
}

size_t fitting_epoch(const struct fitting *f)
{
    return f->best;
}

double fitting_loss(const struct fitting *f)
{
    return f->best_loss;
}

void fitting_free(struct fitting *f)
{
    if (!f)
        return;
    loop_end(f->loop);
    for (size_t i = 0; i < f->keeps; i++)
        free(f->kept[i].best);
    tap_store_free(f->store);
    free(f->o->beside);
    free(f->kept);
    epoch_order_free(&f->order);
    free(f->recipe);
    free(f);
}
