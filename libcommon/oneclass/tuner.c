#include "oneclass/tuner.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/size.h"
#include "nn/precision_option.h"
#include "oneclass/tuner_method.h"
#include "stream/alike.h"
#include <stdlib.h>
#include <string.h>

const struct tuner_method *const tuner_methods[] = {&tuner_panda, &tuner_cutpaste, NULL};

const struct tuner_method *tuner_method(const char *name)
{
    for (const struct tuner_method *const *m = tuner_methods; *m; m++)
        if (strcmp((*m)->name, name) == 0)
            return *m;
    return NULL;
}

static void take_image(struct tuner *t, const struct image_reader *r, const struct image *im)
{
    const struct feed_sample s = {.raster = im->raster};
    struct err e;
    if (t->n == 0) {
        t->height = im->raster.height;
        t->width = im->raster.width;
    }
    if (!images_same_size(t->height, t->width, im, &e) || !images_same_making(&t->known, im, &e))
        image_reader_die(r, "%s", e.text);
    held_set_add(t->images, &s);
    t->n++;
}

static void read_stream(struct tuner *t, const char *name)
{
    FILE *f = file_open(name);
    struct image_reader *r = image_reader_new(f, file_label(name));
    struct image im = {0};
    while (image_read(r, &im))
        take_image(t, r, &im);
    image_free(&im);
    image_reader_free(r);
    file_close(f);
}

/* One vector an image: of a layer with several positions the mean. */
static void pool_layer(struct tuner *t)
{
    struct graph *g = &t->net.graph;
    const size_t input[1][2] = {{t->height, t->width}}, tap = t->net.taps.node[0];
    if (t->net.taps.n != 1)
        misuse("-l: %s: one layer is tuned, not several", t->o->net.layers);
    if (t->net.taps.inputs > 1)
        misuse("-l: %s: a layer is tuned on images of their whole size", t->o->net.layers);
    bool *needed = xcalloc(g->n, sizeof *needed);
    size_t(*side)[2] = xcalloc(g->n, sizeof *side);
    graph_needed(g, &tap, 1, needed);
    graph_sides(g, input, needed, side);
    if (side[tap][0] != 1 || side[tap][1] != 1)
        t->net.taps.node[0] = graph_meanpool(g, tap);
    free(needed);
    free(side);
}

static void open_network(struct tuner *t)
{
    static const char *const fixed[] = {"", NULL};
    struct safetensors st = {0};
    pool_layer(t);
    for (size_t i = 0; i < t->net.weights.n; i++)
        safetensors_add(&st, t->net.weights.entry[i].name, &t->net.weights.entry[i].tensor);
    t->o->method->open(t, &st);
    const struct trainer_plan plan = {.output = &t->output,
                                      .outputs = 1,
                                      .n = t->batch * t->copies,
                                      .h = t->height,
                                      .w = t->width,
                                      .precision = precision_choice(t->o->precision),
                                      .frozen = t->freeze.name,
                                      .fixed = t->fixed ? fixed : NULL};
    t->trainer = trainer_new(&t->net.graph, &st, t->net.file, &plan);
    safetensors_free(&st);
    freeze_check(&t->freeze, t->trainer);
    notice("%s in %s, %zu images of %zux%zu in batches of %zu: %.1f MB of parameters and gradients, %.1f MB "
           "of activations",
           t->net.graph.arch, precision_name(plan.precision), t->n, t->width, t->height, t->batch * t->copies,
           (double)trainer_parameter_bytes(t->trainer) / 1e6, (double)trainer_arena_bytes(t->trainer) / 1e6);
    t->o->method->begin(t);
}

size_t tuner_learning(size_t i)
{
    return i + i / (HELD_EVERY - 1);
}

size_t tuner_held(size_t i)
{
    return i * HELD_EVERY + HELD_EVERY - 1;
}

void tuner_put(struct tuner *t, const struct view *in, size_t slot, size_t i)
{
    held_set_get(t->images, i, &t->sample);
    normalise(in, slot, &t->sample.raster, &t->net.norm);
}

static double take_step(void *arg, const struct fitting_step *s)
{
    struct tuner *t = arg;
    const struct view in = trainer_input(t->trainer, 0);
    for (size_t i = 0; i < s->n; i++)
        t->o->method->put(t, &in, i, s->epoch, tuner_learning(s->image[i]));
    return t->o->method->step(t, s->step, s->rate);
}

/* What a checkpoint must agree in beside the images: the options, the weights, what the steps depend on. */
static char *recipe_of(const struct tuner *t, const char *options)
{
    char importance[17];
    hash_text(importance, t->o->method->hash ? t->o->method->hash(t) : 0);
    return xprintf("%s %s weights=%s importance=%s", t->o->method->name, options,
                   strrchr(t->net.identity, ':') + 1, importance);
}

static size_t epochs_of(const struct tuner *t)
{
    return t->o->steps ? size_parts(t->o->steps, fitting_epoch_steps(t->fitting))
                       : t->o->method->epochs(t->o);
}

static void train(struct tuner *t, const char *options)
{
    const struct tuner_method *m = t->o->method;
    char *recipe = recipe_of(t, options);
    const struct fitting_task task = {.recipe = recipe,
                                      .epochs = epochs_of(t),
                                      .rate = {.kind = m->rate},
                                      .collapses = "the vectors",
                                      .step = take_step,
                                      .look = tuner_look,
                                      .arg = t};
    fitting_begin(t->fitting, &task);
    fitting_learner(t->fitting, t->learner, "");
    fitting_train(t->fitting);
    if (m->doubt)
        m->doubt(t, t->o->fit.epochs * fitting_epoch_steps(t->fitting));
    free(recipe);
}

/* All tensors of the file that was read, but those that learned. */
static void write_weights(struct tuner *t, const char *by)
{
    struct safetensors tuned = {0}, st = {0};
    learner_export(t->learner, &tuned);
    for (size_t i = 0; i < t->net.weights.n; i++) {
        const struct named_tensor *was = &t->net.weights.entry[i];
        const struct tensor *is = safetensors_find(&tuned, was->name);
        safetensors_add(&st, was->name, is ? is : &was->tensor);
    }
    note_copy(&st.meta, &t->net.weights.meta);
    note_set(&st.meta, "arch", t->net.graph.arch);
    note_set(&st.meta, "tuned", t->o->method->name);
    note_set(&st.meta, "tuned_from", t->net.identity);
    note_setf(&st.meta, "tuned_images", "%zu", t->n);
    note_setf(&st.meta, "tuned_epoch", "%zu", fitting_epoch(t->fitting));
    note_add(&st.meta, "by", by);
    safetensors_write_product(&st, product_tried(t->out, t->o->out));
    safetensors_free(&st);
    safetensors_free(&tuned);
}

struct tuner *tuner_train(struct tuner_options *o, const char *recipe, char *const *files, size_t n)
{
    struct tuner *t = xcalloc(1, sizeof *t);
    t->o = o;
    fitting_open(&o->fit, o->out);
    t->out = product_try(o->out);
    t->images = held_set_new(o->memory);
    t->fitting = fitting_new(&o->fit);
    frozen_open(&t->net, &o->net, &(struct frozen_names){"-w", "-l", "-a", "--norm"});
    t->freeze = freeze_new(t->o->frozen);
    for (size_t i = 0; i < n; i++)
        read_stream(t, files[i]);
    if (n == 0)
        read_stream(t, NULL);
    if (t->n < HELD_EVERY)
        die("%zu images; %d or more are needed", t->n, HELD_EVERY);
    fitting_elsewhere(t->fitting, t->n - t->n / HELD_EVERY, t->n / HELD_EVERY, held_set_hash(t->images));
    t->batch = fitting_step_images(t->fitting);
    open_network(t);
    train(t, recipe);
    return t;
}

void tuner_write(struct tuner *t, const char *by)
{
    write_weights(t, by);
    t->o->method->end(t);
    fitting_free(t->fitting);
    frozen_free(&t->net);
    held_set_free(t->images);
    raster_free(&t->sample.raster);
    note_clear(&t->known);
    freeze_free(&t->freeze);
    free(t);
}
