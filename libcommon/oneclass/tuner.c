#include "oneclass/tuner.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/product.h"
#include "base/rng.h"
#include "nn/precision_option.h"
#include "oneclass/fisher.h"
#include "stream/identity.h"
#include "stream/image.h"
#include "train/held_set.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIXES_MAX = 32, ORDER = 0x6f72646572 /* "order": the stream of random numbers */ };

struct tuner {
    const struct tuner_options *o;
    const char *by;
    struct frozen net;
    struct held_set *images;
    struct note known; /* what the images were made by */
    size_t height, width, n, batch;
    char *list;                           /* o->frozen, cut at its commas */
    const char *prefix[PREFIXES_MAX + 1]; /* into it, ended by NULL */
    struct trainer *trainer;
    struct panda panda;
    float *first, *importance; /* with ewc: the parameters before any step, and how much each matters */
    size_t *order;             /* of an epoch */
    struct feed_sample sample; /* the image at hand */
    struct loop *loop;
    struct product *out;
};

static void split_frozen(struct tuner *t)
{
    size_t n = 0;
    char *save = NULL;
    t->list = xstrdup(t->o->frozen);
    for (char *p = strtok_r(t->list, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        if (n == PREFIXES_MAX)
            misuse("--freeze: more than %d names", PREFIXES_MAX);
        t->prefix[n++] = p;
    }
}

static void take_image(struct tuner *t, const struct image_reader *r, const struct image *im)
{
    struct identity_difference d;
    const struct feed_sample s = {.raster = im->raster};
    if (t->n == 0) {
        t->height = im->raster.height;
        t->width = im->raster.width;
    }
    if (im->raster.height != t->height || im->raster.width != t->width)
        image_reader_die(r, "image is %zux%zu, those before are %zux%zu (imgcat -r makes them equal)",
                         im->raster.width, im->raster.height, t->width, t->height);
    if (identity_differs(&d, &t->known, NULL, &im->note))
        image_reader_die(r, "%s=%s, those before have %s=%s (%s)", d.key, d.here, d.key, d.known, d.mend);
    identity_copy(&t->known, NULL, &im->note);
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

/* A name that freezes nothing is a mistake. */
static void check_frozen(const struct tuner *t)
{
    size_t n;
    const struct trainer_parameter *p = trainer_parameters(t->trainer, &n);
    for (const char *const *prefix = t->prefix; *prefix; prefix++) {
        size_t i = 0;
        while (i < n && strncmp(p[i].name, *prefix, strlen(*prefix)) != 0)
            i++;
        if (i == n)
            misuse("--freeze: no tensor's name begins with '%s'", *prefix);
    }
}

static void open_network(struct tuner *t)
{
    static const char *const fixed[] = {"", NULL};
    const struct trainer_plan plan = {.output = t->net.tap,
                                      .outputs = 1,
                                      .n = t->batch,
                                      .h = t->height,
                                      .w = t->width,
                                      .precision = precision_choice(t->o->precision),
                                      .frozen = t->prefix,
                                      .fixed = fixed};
    t->trainer = trainer_new(&t->net.graph, &t->net.weights, t->net.file, &plan);
    const struct view f = trainer_output(t->trainer, 0);
    if (f.h != 1 || f.w != 1)
        misuse("-l: %s is %zux%zu; one vector an image is wanted, avgpool or pool:layer3", t->o->net.layers,
               f.h, f.w);
    check_frozen(t);
    panda_init(&t->panda, t->trainer, &t->o->panda);
    notice("%s in %s, %zu images of %zux%zu in batches of %zu: %.1f MB of parameters and gradients, %.1f MB "
           "of activations",
           t->net.graph.arch, precision_name(plan.precision), t->n, t->width, t->height, t->batch,
           (double)trainer_parameter_bytes(t->trainer) / 1e6, (double)trainer_arena_bytes(t->trainer) / 1e6);
}

/* Image i into place `slot` of the batch. */
static void put_image(struct tuner *t, size_t slot, size_t i)
{
    const struct view in = trainer_input(t->trainer, 0);
    held_set_get(t->images, i, &t->sample);
    normalise(&in, slot, &t->sample.raster, &t->net.norm);
}

/* The mean of all images' vectors; a last batch is filled up with images that don't count. */
static void find_centre(struct tuner *t)
{
    const size_t d = trainer_output(t->trainer, 0).c;
    for (size_t first = 0; first < t->n; first += t->batch) {
        const size_t n = t->n - first < t->batch ? t->n - first : t->batch;
        for (size_t i = 0; i < t->batch; i++)
            put_image(t, i, i < n ? first + i : first);
        panda_centre_add(&t->panda, n);
    }
    for (size_t c = 0; c < d; c++)
        t->panda.centre[c] /= (double)t->n;
}

static void weigh_parameters(struct tuner *t)
{
    size_t n;
    const float *values = trainer_values(t->trainer, &n);
    const struct fisher_plan plan = {.arch = t->net.graph.arch,
                                     .weights = &t->net.weights,
                                     .file = t->net.file,
                                     .frozen = t->prefix,
                                     .norm = &t->net.norm,
                                     .stream = t->o->ewc};
    mem_need(2 * n * sizeof(float), "the parameters' importance");
    t->first = memcpy(xaligned(n, sizeof *t->first), values, n * sizeof *values);
    t->importance = xaligned(n, sizeof *t->importance);
    const size_t images = fisher_diagonal(t->importance, t->trainer, &plan);
    notice("%s: importance by %zu labelled images", t->o->ewc, images);
    t->panda.penalty = (struct penalty){t->first, t->importance, n, t->o->pull};
}

static size_t epoch_steps(const struct tuner *t)
{
    return t->n / t->batch;
}

/* The images of a step: `batch` of the epoch's order; those left over are others in each epoch. */
static bool take_step(void *arg, uint64_t step, struct loop_report *report)
{
    struct tuner *t = arg;
    const uint64_t epoch = step / epoch_steps(t), place = step % epoch_steps(t) * t->batch;
    struct rng r = rng_new(t->o->seed, ORDER + (epoch << 40));
    for (size_t i = 0; i < t->n; i++)
        t->order[i] = i;
    rng_shuffle(&r, t->order, t->n);
    for (size_t i = 0; i < t->batch; i++)
        put_image(t, i, t->order[place + i]);
    report->rate = t->o->rate;
    report->loss = panda_step(&t->panda, step, t->o->rate);
    report->images = t->batch;
    report->samples = (step + 1) * t->batch;
    return true;
}

/* What a checkpoint must agree in: the options, the weights, the images. */
static char *recipe_of(const struct tuner *t)
{
    char images[17], importance[17];
    size_t n;
    trainer_values(t->trainer, &n);
    hash_text(images, held_set_hash(t->images));
    hash_text(importance, t->importance ? hash_bytes(t->importance, n * sizeof *t->importance) : 0);
    return xprintf("%s images=%s weights=%s importance=%s", t->by, images, strrchr(t->net.identity, ':') + 1,
                   importance);
}

static void train(struct tuner *t)
{
    char *recipe = recipe_of(t);
    const struct loop_task task = {.recipe = recipe, .step = take_step, .arg = t};
    learner_parts(&t->panda.learner, t->loop, "");
    loop_resume(t->loop, &task);
    loop_run(t->loop, t->o->epochs * epoch_steps(t));
    free(recipe);
}

/* All tensors of the file that was read, but those that learned. */
static void write_weights(struct tuner *t)
{
    struct safetensors tuned = {0}, st = {0};
    learner_export(&t->panda.learner, &tuned);
    for (size_t i = 0; i < t->net.weights.n; i++) {
        const struct named_tensor *was = &t->net.weights.entry[i];
        const struct tensor *is = safetensors_find(&tuned, was->name);
        safetensors_add(&st, was->name, is ? is : &was->tensor);
    }
    note_copy(&st.meta, &t->net.weights.meta);
    note_set(&st.meta, "arch", t->net.graph.arch);
    note_set(&st.meta, "tuned", "panda");
    note_set(&st.meta, "tuned_from", t->net.identity);
    note_setf(&st.meta, "tuned_images", "%zu", t->n);
    note_add(&st.meta, "by", t->by);
    safetensors_write_product(&st, t->out);
    safetensors_free(&st);
    safetensors_free(&tuned);
}

static void release(struct tuner *t)
{
    panda_free(&t->panda);
    frozen_free(&t->net);
    held_set_free(t->images);
    raster_free(&t->sample.raster);
    note_clear(&t->known);
    free(t->first);
    free(t->importance);
    free(t->order);
    free(t->list);
}

void tuner_run(const struct tuner_options *o, const char *by, char *const *files, size_t n)
{
    struct tuner t = {.o = o,
                      .by = by,
                      .loop = loop_new(&o->loop),
                      .out = product_open(o->out),
                      .images = held_set_new(o->memory)};
    frozen_open(&t.net, &o->net, &(struct frozen_names){"-w", "-l", "-a", "--norm"});
    split_frozen(&t);
    for (size_t i = 0; i < n; i++)
        read_stream(&t, files[i]);
    if (n == 0)
        read_stream(&t, NULL);
    if (t.n < 2)
        die("%zu images; two or more are needed", t.n);
    t.batch = o->batch < t.n ? o->batch : t.n;
    t.order = xmalloc(t.n, sizeof *t.order);
    open_network(&t);
    find_centre(&t);
    if (o->ewc)
        weigh_parameters(&t);
    train(&t);
    write_weights(&t);
    release(&t);
    loop_end(t.loop);
}
