/* A student that has learnt: in its file, and at work. */
#include "distill/model.h"
#include "base/mem.h"
#include "nn/precision_option.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum dtype distill_precision(const struct distill_options *o)
{
    return precision_choice(o->precision);
}

bool distill_student(struct student *s, const struct distill_options *o, const struct taps *shapes,
                     struct err *e)
{
    struct reverse_form f;
    if (o->pyramid) {
        student_pyramid(s, o->arch);
    } else {
        if (!reverse_form_of(&f, o->arch, o->width == DISTILL_AUTO ? 0 : o->width))
            return err_set(e, "'%s' is not a network that a student can mirror", o->arch);
        f.embedding = o->embedding;
        student_reverse(s, &f);
    }
    return student_fits(s, shapes, e);
}

struct map_size distill_tap_grid(const struct student *s, const struct taps *shapes)
{
    const struct tap *finest = &shapes->tap[s->wanted[0]];
    return (struct map_size){finest->width, finest->height};
}

static char *shapes_text(const struct taps *t)
{
    char *all = xstrdup("");
    for (size_t i = 0; i < t->n; i++) {
        char *longer = xprintf("%s%s%zux%zux%zu", all, i ? "," : "", t->tap[i].height, t->tap[i].width,
                               t->tap[i].channels);
        free(all);
        all = longer;
    }
    return all;
}

/* "64x64x64,32x32x128,16x16x256". */
static bool shapes_read(struct taps *t, const char *text)
{
    *t = (struct taps){0};
    while (t->n < TAPS_MAX) {
        struct tap *p = &t->tap[t->n];
        int used = 0;
        if (sscanf(text, "%5zux%5zux%5zu%n", &p->height, &p->width, &p->channels, &used) != 3 || !p->height ||
            !p->width || !p->channels || p->height > TAP_SIDE_MAX || p->width > TAP_SIDE_MAX ||
            p->channels > TAP_SIDE_MAX)
            return false;
        t->n++;
        text += used;
        if (*text != ',')
            return !*text;
        text++;
    }
    return false;
}

void distill_save(void *model, struct safetensors *file)
{
    struct distill_model *m = model;
    char *shapes = shapes_text(&m->shapes);
    for (size_t i = 0; i < m->weights.n; i++)
        safetensors_add(file, m->weights.entry[i].name, &m->weights.entry[i].tensor);
    note_set(&file->meta, "taps", shapes);
    note_setf(&file->meta, "epoch", "%zu", fitting_epoch(m->fitting));
    free(shapes);
}

void distill_describe(const void *model, char text[100])
{
    const struct distill_model *m = model;
    size_t floats = 0;
    for (size_t i = 0; i < m->weights.n; i++)
        floats += tensor_count(&m->weights.entry[i].tensor);
    snprintf(text, 100, "a student of %s, %.1f MB, epoch %zu", m->o.arch,
             (double)floats * sizeof(float) / 1e6, fitting_epoch(m->fitting));
}

void *distill_load(const struct safetensors *file, const char *path, const void *options)
{
    struct distill_model *m = xcalloc(1, sizeof *m);
    const char *taps = note_get(&file->meta, "taps");
    struct err e;
    m->o = *(const struct distill_options *)options;
    if (!m->o.arch)
        die("%s: no student= in it", path);
    if (!taps || !shapes_read(&m->shapes, taps))
        die("%s: taps=%s is no list of shapes", path, taps ? taps : "");
    if (!distill_student(&m->student, &m->o, &m->shapes, &e))
        die("%s: %s", path, e.text);
    imitation_begin(&m->imitation, &m->student, file, path, &m->shapes, distill_precision(&m->o));
    return m;
}

bool distill_accepts(void *model, const struct taps *image, struct err *e)
{
    const struct distill_model *m = model;
    return taps_match(image, &m->shapes, e);
}

struct map_size distill_grid(const void *model, struct map_size size)
{
    const struct distill_model *m = model;
    return m->o.meet == DISTILL_MAP ? size : distill_tap_grid(&m->student, &m->shapes);
}

struct map_rules distill_rules(const void *model)
{
    const struct distill_model *m = model;
    return (struct map_rules){m->o.rules.upsample, m->o.map};
}

double distill_score(void *model, const struct taps *image, float *distance, struct map_size grid)
{
    struct distill_model *m = model;
    imitation_map(&m->imitation, image, distance, grid, &m->o.rules);
    return 0;
}

void distill_free(void *model)
{
    struct distill_model *m = model;
    imitation_end(&m->imitation);
    student_free(&m->student);
    safetensors_free(&m->weights);
    fitting_free(m->fitting);
    free(m);
}
