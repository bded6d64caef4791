#include "train/dense_loss.h"
#include "train/loss.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/bf16.h"
#include "num/exponential.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a worker works in: the logits of a cell and what comes of them, and how many of its pixels each class has. */
struct scratch {
    float *logit, *power;
    uint32_t *count;
    size_t *seen, classes; /* those that have any */
};

struct walk {
    const struct view *gradient, *logits, *labels;
    double scale;            /* of the gradient of a cell: 0 while cells are counted */
    struct dense_loss *of;   /* each image's */
    struct scratch *scratch; /* each worker's */
};

/* Counts the labels of cell (y, x); the class that has most, or -1 where that isn't enough. *labelled: how many pixels have one. */
static ptrdiff_t count_cell(const struct walk *w, struct scratch *s, size_t n, size_t y, size_t x,
                            uint32_t *labelled)
{
    const struct view *labels = w->labels, *map = w->logits;
    const size_t top = y * labels->h / map->h, bottom = (y + 1) * labels->h / map->h;
    const size_t left = x * labels->w / map->w, right = (x + 1) * labels->w / map->w;
    uint32_t most = 0;
    ptrdiff_t major = -1;
    for (size_t k = 0; k < s->classes; k++)
        s->count[s->seen[k]] = 0;
    s->classes = *labelled = 0;
    for (size_t i = top; i < bottom; i++) {
        const float *label = view_at(labels, n, (ptrdiff_t)i, 0);
        for (size_t j = left; j < right; j++) {
            const size_t class = (size_t)label[j] - 1;
            if (class >= map->c) /* none: 0 - 1 */
                continue;
            if (!s->count[class])
                s->seen[s->classes++] = class;
            s->count[class]++;
            ++*labelled;
        }
    }
    for (size_t k = 0; k < s->classes; k++)
        if (s->count[s->seen[k]] > most) {
            most = s->count[s->seen[k]];
            major = (ptrdiff_t)s->seen[k];
        }
    return most > 0 && most >= DENSE_MAJORITY * (double)((bottom - top) * (right - left)) ? major : -1;
}

static void read_cell(float *out, const struct view *v, size_t n, size_t y, size_t x)
{
    const void *at = view_pixel(v, n, (ptrdiff_t)y, (ptrdiff_t)x);
    if (v->type == DT_BF16)
        bf16_widen(out, at, v->c);
    else
        memcpy(out, at, v->c * sizeof *out);
}

static void write_cell(const struct view *v, size_t n, size_t y, size_t x, const float *in)
{
    void *at = view_pixel(v, n, (ptrdiff_t)y, (ptrdiff_t)x);
    if (v->type != DT_BF16) {
        memcpy(at, in, v->c * sizeof *in);
        return;
    }
    for (size_t i = 0; i < v->c; i++)
        ((uint16_t *)at)[i] = f32_to_bf16(in[i]);
}

/* The loss of a cell that counts; its gradient over the logits. */
static double learn_cell(struct scratch *s, size_t classes, uint32_t labelled, double scale, size_t best)
{
    const float top = s->logit[best];
    double sum = 0, value = 0;
    for (size_t i = 0; i < classes; i++)
        s->power[i] = s->logit[i] - top;
    exponential(s->power, s->power, classes);
    for (size_t i = 0; i < classes; i++)
        sum += s->power[i];
    const double total = log(sum); /* cppcheck-suppress invalidFunctionArg; sum >= 1 */
    for (size_t k = 0; k < s->classes; k++) {
        const double share = (double)s->count[s->seen[k]] / labelled;
        value -= share * (s->logit[s->seen[k]] - top - total);
    }
    for (size_t i = 0; i < classes; i++)
        s->logit[i] = (float)(scale * s->power[i] / sum);
    for (size_t k = 0; k < s->classes; k++)
        s->logit[s->seen[k]] -= (float)(scale * s->count[s->seen[k]] / labelled);
    return value;
}

static void count_image(void *arg, size_t n, size_t worker)
{
    const struct walk *w = arg;
    uint32_t labelled;
    for (size_t y = 0; y < w->logits->h; y++)
        for (size_t x = 0; x < w->logits->w; x++)
            w->of[n].cells += count_cell(w, &w->scratch[worker], n, y, x, &labelled) >= 0;
}

static void learn_image(void *arg, size_t n, size_t worker)
{
    const struct walk *w = arg;
    const size_t classes = w->logits->c;
    struct scratch *s = &w->scratch[worker];
    struct dense_loss *of = &w->of[n];
    for (size_t y = 0; y < w->logits->h; y++)
        for (size_t x = 0; x < w->logits->w; x++) {
            uint32_t labelled;
            const ptrdiff_t major = count_cell(w, s, n, y, x, &labelled);
            if (major < 0)
                memset(s->logit, 0, classes * sizeof *s->logit);
            else {
                read_cell(s->logit, w->logits, n, y, x);
                const size_t best = loss_largest(s->logit, classes);
                of->correct += best == (size_t)major;
                of->value += learn_cell(s, classes, labelled, w->scale, best);
            }
            write_cell(w->gradient, n, y, x, s->logit);
        }
}

static struct scratch *scratch_new(size_t classes)
{
    struct scratch *s = xcalloc(pool_size(), sizeof *s);
    for (size_t i = 0; i < pool_size(); i++)
        s[i] = (struct scratch){xmalloc(classes, sizeof(float)), xmalloc(classes, sizeof(float)),
                                xcalloc(classes, sizeof(uint32_t)), xmalloc(classes, sizeof(size_t)), 0};
    return s;
}

static void scratch_free(struct scratch *s)
{
    for (size_t i = 0; i < pool_size(); i++) {
        free(s[i].logit);
        free(s[i].power);
        free(s[i].count);
        free(s[i].seen);
    }
    free(s);
}

struct dense_loss loss_dense(const struct view *gradient, const struct view *logits,
                             const struct view *labels, double scale)
{
    struct dense_loss sum = {0};
    struct walk w = {gradient, logits, labels, 0, xcalloc(logits->n, sizeof *w.of), scratch_new(logits->c)};
    pool_run(logits->n, count_image, &w);
    for (size_t n = 0; n < logits->n; n++)
        sum.cells += w.of[n].cells;
    w.scale = sum.cells ? scale / (double)sum.cells : 0;
    pool_run(logits->n, learn_image, &w);
    for (size_t n = 0; n < logits->n; n++) {
        sum.correct += w.of[n].correct;
        sum.value += sum.cells ? w.of[n].value / (double)sum.cells : 0;
    }
    scratch_free(w.scratch);
    free(w.of);
    return sum;
}
