/* How a student comes to be: its network for the teacher that the first image tells of, images on the disk, lessons, the epoch whose maps
 * of the held images are the lowest. */
#include "base/err.h"
#include "base/mem.h"
#include "base/size.h"
#include "distill/detector.h"
#include "distill/model.h"
#include "nn/precision_option.h"
#include "nn/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Neither decides for how long one should wait: enough for a category of 200 images in a few minutes of two cores. */
enum { EPOCHS = 10, EPOCHS_STFPM = 20 };

struct fit {
    struct distill_options *o;
    struct student student;
    struct taps shapes;
    struct fitting *fitting;
    struct lesson lesson;
    struct tap_store *held;
    struct imitation_maps maps;
    float *map; /* of a held image */
};

/* STFPM's student looks at images; so they are read, and the teacher's taps computed on the way. */
bool distill_network(const void *options, struct image_network *network)
{
    const struct distill_options *o = options;
    if (!o->pyramid && o->weights)
        misuse("-w is for models of --method stfpm: those of rd read features (featx)");
    if (o->pyramid && !o->weights)
        misuse("-w WEIGHTS is needed: stfpm reads images");
    *network = (struct image_network){o->weights, o->arch, "layer1,layer2,layer3", distill_precision(o)};
    return o->pyramid;
}

void distill_open(void *options, const char *output)
{
    struct distill_options *o = options;
    fitting_open(&o->fit, output);
}

/* The teacher, if nobody says: the most common with so many channels. */
static const char *guess(const struct taps *first)
{
    const size_t channels = first->tap[first->n - 1].channels;
    return channels == 256 ? "resnet18" : channels == 1024 ? "wide_resnet50_2" : NULL;
}

static void settle(struct distill_options *o, const struct taps *first)
{
    if (!o->arch && first->arch)
        o->arch = first->arch;
    if (!o->arch)
        o->arch = guess(first);
    if (!o->arch)
        die("which network these features are of can't be told: say it with --student");
    o->precision = precision_settled(o->precision);
}

void *distill_begin(void *options, const struct taps *first)
{
    struct fit *f = xcalloc(1, sizeof *f);
    struct err e;
    f->o = options;
    settle(f->o, first);
    if (!distill_student(&f->student, f->o, first, &e))
        die("%s", e.text);
    f->shapes = *first;
    f->fitting = fitting_new(&f->o->fit);
    return f;
}

void distill_take(void *arg, const struct taps *image)
{
    struct fit *f = arg;
    fitting_take(f->fitting, image);
}

static double step(void *arg, const struct fitting_step *s)
{
    struct fit *f = arg;
    for (size_t i = 0; i < s->n; i++)
        lesson_image(&f->lesson, i, fitting_taps(f->fitting, s->image[i]));
    return lesson_step(&f->lesson, s->step, s->rate);
}

/* The mean of all values of the held images' maps, as they are before they are enlarged and blurred. */
static struct fitting_held look(void *arg)
{
    struct fit *f = arg;
    struct fitting_held h = {.low = INFINITY, .high = -INFINITY};
    const struct map_size grid = distill_tap_grid(&f->student, &f->shapes);
    const size_t pixels = grid.height * grid.width, images = tap_store_images(f->held);
    struct view made[STUDENT_TAPS];
    for (size_t i = 0, n; i < images; i += n) {
        n = size_least(images - i, f->lesson.n);
        for (size_t k = 0; k < n; k++)
            lesson_image(&f->lesson, k, tap_store_read(f->held, i + k));
        lesson_look(&f->lesson, n, made);
        for (size_t k = 0; k < n; k++) {
            imitation_compare(&f->maps, f->lesson.target, made, k, f->map, grid, &f->o->rules);
            for (size_t p = 0; p < pixels; p++) {
                h.loss += (double)f->map[p] / (double)(pixels * images);
                h.low = fminf(h.low, f->map[p]);
                h.high = fmaxf(h.high, f->map[p]);
            }
        }
    }
    return h;
}

static void begin_lesson(struct fit *f)
{
    const struct distill_options *o = f->o;
    struct lesson_options l = {
        .loss = o->loss, .optimiser = optimiser_adam, .decay = o->decay, .precision = distill_precision(o)};
    struct safetensors st = {0};
    l.optimiser.kind = (enum optimiser_kind)o->optimiser;
    l.optimiser.momentum = 0.9;
    l.optimiser.beta1 = 0.5;
    l.optimiser.beta2 = o->beta2;
    weights_random(&st, &f->student.graph, "", o->fit.seed);
    if (o->zero_residuals)
        weights_zero_residuals(&st, &f->student.graph);
    lesson_begin(&f->lesson, &f->student, &st, "the student", &f->shapes, fitting_step_images(f->fitting),
                 &l);
    safetensors_free(&st);
}

static void train(struct fit *f)
{
    char *recipe = fitting_recipe(f->o, distill_detector.settings);
    const struct map_size grid = distill_tap_grid(&f->student, &f->shapes);
    const struct fitting_task task = {.recipe = recipe,
                                      .epochs = f->o->pyramid ? EPOCHS_STFPM : EPOCHS,
                                      .held = f->held,
                                      .step = step,
                                      .look = look,
                                      .arg = f};
    f->map = xaligned(grid.height * grid.width, sizeof *f->map);
    fitting_begin(f->fitting, &task);
    begin_lesson(f);
    fitting_learner(f->fitting, &f->lesson.learner, "");
    fitting_train(f->fitting);
    imitation_maps_free(&f->maps);
    free(f->map);
    free(recipe);
}

void *distill_end(void *arg, const struct detector_end *with)
{
    struct fit *f = arg;
    struct distill_model *m = xcalloc(1, sizeof *m);
    f->held = with->held;
    train(f);
    m->o = *f->o;
    m->student = f->student;
    m->shapes = f->shapes;
    m->fitting = f->fitting;
    lesson_export(&f->lesson, &m->weights);
    lesson_end(&f->lesson);
    imitation_begin(&m->imitation, &m->student, &m->weights, with->output, &m->shapes,
                    distill_precision(&m->o));
    free(f);
    return m;
}
