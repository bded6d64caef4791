#include "distill/lesson.h"
#include "base/mem.h"
#include "train/feature_loss.h"
#include <math.h>
#include <stdlib.h>

static struct view view_of(const struct tap *t, size_t n)
{
    return (struct view){.n = n, .h = t->height, .w = t->width, .c = t->channels, .type = DT_F32};
}

/* The graph's input that is array `tap` of a record; -1: none. */
static ptrdiff_t seen_as(const struct student *s, size_t tap)
{
    for (size_t i = 0; i < s->inputs; i++)
        if (s->input[i] == tap)
            return (ptrdiff_t)i;
    return -1;
}

static void place_targets(struct lesson *l, const struct taps *shapes)
{
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        const size_t tap = l->student->wanted[i];
        const ptrdiff_t input = seen_as(l->student, tap);
        if (input >= 0) {
            l->target[i] = trainer_input(l->learner.trainer, (size_t)input);
            continue;
        }
        l->target[i] = view_of(&shapes->tap[tap], l->n);
        mem_need(view_bytes(&l->target[i]), "the teacher's taps of a batch");
        l->target[i].data = l->memory[i] = xaligned(view_bytes(&l->target[i]), 1);
    }
}

void lesson_begin(struct lesson *l, const struct student *s, const struct safetensors *weights,
                  const char *file, const struct taps *shapes, size_t n, const struct lesson_options *o)
{
    size_t side[STUDENT_TAPS][2];
    student_sides(s, shapes, side);
    const struct trainer_plan plan = {.output = s->output,
                                      .outputs = STUDENT_TAPS,
                                      .n = n,
                                      .side = (const size_t(*)[2])side,
                                      .precision = o->precision};
    *l = (struct lesson){.student = s, .o = *o, .n = n};
    learner_init(&l->learner, trainer_new(&s->graph, weights, file, &plan), &o->optimiser, o->decay, true);
    place_targets(l, shapes);
}

void lesson_image(struct lesson *l, size_t i, const struct taps *image)
{
    const struct student *s = l->student;
    for (size_t k = 0; k < s->inputs; k++) {
        const struct view in = trainer_input(l->learner.trainer, k);
        view_copy_in(&in, i, image->tap[s->input[k]].value);
    }
    for (size_t k = 0; k < STUDENT_TAPS; k++)
        if (l->memory[k])
            view_copy_in(&l->target[k], i, image->tap[s->wanted[k]].value);
}

static double layer_loss(const struct lesson *l, size_t i)
{
    const struct view made = trainer_output(l->learner.trainer, i),
                      gradient = trainer_output_gradient(l->learner.trainer, i);
    const double images = (double)l->n, positions = (double)(made.h * made.w);
    switch (l->o.loss) {
    case LESSON_IMAGES:
        return loss_cosine_images(&gradient, &made, &l->target[i], 1 / images);
    case LESSON_MEAN:
        return loss_cosine_positions(&gradient, &made, &l->target[i], 2 / (images * positions));
    case LESSON_SUM:
        return loss_cosine_positions(&gradient, &made, &l->target[i], 1 / positions);
    }
    return NAN;
}

double lesson_gradients(struct lesson *l)
{
    double loss = 0;
    learner_clear(&l->learner);
    trainer_forward(l->learner.trainer);
    for (size_t i = 0; i < STUDENT_TAPS; i++)
        loss += layer_loss(l, i);
    if (isfinite(loss))
        trainer_backward(l->learner.trainer);
    return loss;
}

double lesson_step(struct lesson *l, uint64_t step, double rate)
{
    const double loss = lesson_gradients(l);
    if (isfinite(loss))
        learner_step(&l->learner, step, rate);
    return loss;
}

void lesson_look(struct lesson *l, size_t n, struct view made[STUDENT_TAPS])
{
    trainer_evaluate(l->learner.trainer, n);
    for (size_t i = 0; i < STUDENT_TAPS; i++)
        made[i] = trainer_output(l->learner.trainer, i);
}

void lesson_export(const struct lesson *l, struct safetensors *st)
{
    learner_export(&l->learner, st);
}

void lesson_end(struct lesson *l)
{
    learner_free(&l->learner);
    for (size_t i = 0; i < STUDENT_TAPS; i++)
        free(l->memory[i]);
    *l = (struct lesson){0};
}
