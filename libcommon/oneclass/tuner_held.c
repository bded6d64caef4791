/* The held images after an epoch: the weights as they are now go to an inference network, as they will to featx, so batch norms use their
 * running statistics; what the method makes of the images is the same in each epoch. */
#include "base/mem.h"
#include "nn/infer.h"
#include "nn/precision_option.h"
#include "oneclass/tuner_method.h"
#include <math.h>
#include <stdlib.h>

enum { AT_ONCE = 4 }; /* images, times copies */

/* No training comes so far: the method's draws for images that are held. */
#define HELD_EPOCH ((uint64_t)1 << 55)

/* A wanted output, in f32. */
struct rows {
    struct view view;
    float *value;
};

static struct rows rows_of(const struct infer *x, size_t i, size_t n)
{
    const struct view out = infer_output(x, i);
    struct rows r = {.value = xaligned(n * out.c, sizeof(float))};
    r.view = (struct view){.data = r.value, .n = n, .h = 1, .w = 1, .c = out.c, .type = DT_F32};
    for (size_t k = 0; k < n; k++)
        view_copy_out(r.value + k * out.c, &out, k);
    return r;
}

/* Of each channel the smallest and the largest value so far. */
struct range {
    float *low, *high;
    size_t c, rows;
};

static void widen(struct range *r, const struct rows *x)
{
    if (!r->c) {
        r->c = x->view.c;
        r->low = xaligned(r->c, sizeof *r->low);
        r->high = xaligned(r->c, sizeof *r->high);
        for (size_t c = 0; c < r->c; c++) {
            r->low[c] = INFINITY;
            r->high[c] = -INFINITY;
        }
    }
    r->rows += x->view.n;
    for (size_t i = 0; i < x->view.n * r->c; i++) {
        r->low[i % r->c] = fminf(r->low[i % r->c], x->value[i]);
        r->high[i % r->c] = fmaxf(r->high[i % r->c], x->value[i]);
    }
}

/* From the largest value to that and the widest range on top: flat where no channel tells one image from another. One image tells
 * nothing. */
static void judge(struct fitting_held *h, const struct range *r)
{
    float most = 0, wide = 0;
    for (size_t c = 0; c < r->c; c++) {
        most = fmaxf(most, fmaxf(fabsf(r->low[c]), fabsf(r->high[c])));
        wide = fmaxf(wide, r->high[c] - r->low[c]);
    }
    h->low = most;
    h->high = r->rows > 1 ? most + wide : most + 1;
}

/* Else they make no network. */
static bool are_finite(const struct learner *l)
{
    size_t values, statistics;
    const float *value = trainer_values(l->trainer, &values),
                *statistic = trainer_statistics(l->trainer, &statistics);
    bool finite = true;
    for (size_t i = 0; i < values; i++)
        finite &= isfinite(value[i]);
    for (size_t i = 0; i < statistics; i++)
        finite &= isfinite(statistic[i]);
    return finite;
}

struct fitting_held tuner_look(void *arg)
{
    struct tuner *t = arg;
    if (!are_finite(t->learner))
        return (struct fitting_held){(double)NAN, 0, 1};
    const size_t wanted[2] = {t->output, t->net.taps.node[0]}, images = t->n / HELD_EVERY;
    const struct infer_plan plan = {.wanted = wanted,
                                    .wanted_n = 2,
                                    .n = AT_ONCE * t->copies,
                                    .h = t->height,
                                    .w = t->width,
                                    .precision = precision_choice(t->o->precision)};
    struct fitting_held h = {0};
    struct safetensors st = {0};
    struct range range = {0};
    learner_export(t->learner, &st);
    struct infer *x = infer_new(&t->net.graph, &st, "the weights", &plan);
    const struct view in = infer_input(x, 0);
    for (size_t first = 0; first < images; first += AT_ONCE) {
        const size_t n = images - first < AT_ONCE ? images - first : AT_ONCE;
        for (size_t i = 0; i < n; i++)
            t->o->method->put(t, &in, i, HELD_EPOCH, tuner_held(first + i));
        infer_run(x, n * t->copies);
        struct rows out = rows_of(x, 0, n * t->copies), vector = rows_of(x, 1, n * t->copies);
        h.loss += t->o->method->loss(t, &out.view) * (double)n / (double)images;
        widen(&range, &vector);
        free(out.value);
        free(vector.value);
    }
    judge(&h, &range);
    infer_free(x);
    safetensors_free(&st);
    free(range.low);
    free(range.high);
    return h;
}
