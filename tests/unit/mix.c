/* Mixing the images of a batch: targets and pixels agree, chances are what they should be, threads change
 * nothing. */
#include "train/mix.h"
#include "base/mem.h"
#include "base/thread.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 24, HALO = 3, IMAGES = 40 };

static struct view batch_new(void)
{
    struct view v = {NULL, IMAGES, SIDE, SIDE, 3, HALO, DT_F32, 0};
    v.data = xcalloc(view_size(&v), sizeof(float));
    return v;
}

/* Image n of class n: its number everywhere. */
static void flat_images(const struct view *v, struct loss_target *target)
{
    for (size_t n = 0; n < v->n; n++) {
        for (ptrdiff_t y = 0; y < (ptrdiff_t)v->h; y++)
            for (size_t i = 0; i < v->w * v->c; i++)
                view_at(v, n, y, 0)[i] = (float)n;
        target[n] = (struct loss_target){n, 0, 0};
    }
}

/* The whole of an image is lambda a + (1 - lambda) b: its mean; and what the kind of mixing allows is there. */
static bool mixed_right(const struct view *v, size_t n, const struct loss_target *t, bool cut)
{
    const double a = (double)t->a, b = (double)t->b;
    double sum = 0;
    bool fine = true;
    for (ptrdiff_t y = 0; y < (ptrdiff_t)v->h; y++)
        for (size_t i = 0; i < v->w * v->c; i++) {
            const double x = view_at(v, n, y, 0)[i];
            fine &= !cut || x == a || x == b;
            sum += x;
        }
    const double mean = sum / (double)(v->h * v->w * v->c);
    return fine && t->a == n && fabs(mean - (t->lambda * a + (1 - t->lambda) * b)) < 1e-4;
}

static void mixing_kind(double cutmix, const char *what)
{
    struct view v = batch_new();
    struct loss_target target[IMAGES];
    struct mix_options o = mix_ofdb;
    double lambda = 0, mixed = 0;
    bool right = true, permuted = true;
    o.cutmix = cutmix;
    enum { STEPS = 400 };
    for (size_t step = 0; step < STEPS; step++) {
        size_t uses[IMAGES] = {0};
        flat_images(&v, target);
        mix_batch(&v, target, &o, 9, step);
        for (size_t n = 0; n < IMAGES; n++) {
            right &= mixed_right(&v, n, &target[n], cutmix == 1);
            uses[target[n].b]++;
        }
        for (size_t n = 0; n < IMAGES; n++)
            permuted &= uses[n] == 1;
        mixed += target[0].lambda < 1;
        lambda += target[0].lambda < 1 ? target[0].lambda : 0;
    }
    ok(right, "%s: what is there is lambda a + (1 - lambda) b", what);
    ok(permuted, "%s: each image is one other's partner", what);
    ok(mixed > 0.7 * STEPS && mixed < 0.87 * STEPS, "%s: four batches in five", what);
    /* A box of relative side s loses s^2 / 4 a side at the border; with s^2 uniform, it takes .5 - .2 + 1/48. */
    ok_close(lambda / mixed, cutmix == 1 ? 0.7 - 1.0 / 48 : 0.5, 0.05, "mean lambda");
    free(v.data);
}

struct mix_job {
    struct view batch;
    struct loss_target *target;
    double alpha;
};

/* In a task, so that it runs on this thread alone. */
static void mix_inside(void *arg, size_t task, size_t worker)
{
    struct mix_job *job = arg;
    (void)worker;
    if (task == 0)
        for (size_t step = 0; step < 5; step++)
            mix_batch(&job->batch, job->target, &mix_ofdb, 1, step);
}

static void mixing_threads(void)
{
    struct loss_target target[IMAGES];
    struct mix_job a = {batch_new(), target, 1}, b = {batch_new(), target, 1};
    flat_images(&a.batch, target);
    flat_images(&b.batch, target);
    for (size_t step = 0; step < 5; step++)
        mix_batch(&a.batch, target, &mix_ofdb, 1, step);
    pool_run(2, mix_inside, &b);
    ok(!memcmp(a.batch.data, b.batch.data, view_size(&a.batch) * sizeof(float)),
       "mixing: the same bits on one thread");
    free(a.batch.data), free(b.batch.data);
}

/* Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)). */
static void beta(double alpha)
{
    float pixel[2];
    const struct view v = {pixel, 2, 1, 1, 1, 0, DT_F32, 0};
    struct loss_target target[2] = {{0, 0, 1}, {1, 1, 1}};
    const struct mix_options o = {1, 0, alpha, alpha};
    double sum = 0, squares = 0;
    enum { STEPS = 20000 };
    for (size_t step = 0; step < STEPS; step++) {
        pixel[0] = pixel[1] = 0;
        mix_batch(&v, target, &o, 4, step);
        sum += target[0].lambda;
        squares += (double)target[0].lambda * target[0].lambda;
    }
    const double mean = sum / STEPS, want = 1 / (4 * (2 * alpha + 1));
    ok_close(mean, 0.5, 0.012, "Beta: the mean");
    ok_close(squares / STEPS - mean * mean, want, 0.03 * want, "Beta: the variance");
}

/* A mixed image is answered right by the label that it has more of: the largest logits are 2, then 1. */
static void right_answers(void)
{
    float x[2 * 3] = {0, -1, 2, 0, 4, -3}, g[2 * 3];
    const struct view logits = {.data = x, .n = 2, .h = 1, .w = 1, .c = 3, .type = DT_F32};
    struct view gradient = logits;
    gradient.data = g;
    const struct loss_target second[2] = {{0, 2, 0.3f}, {0, 1, 0.3f}},
                             first[2] = {{2, 0, 0.7f}, {1, 0, 0.7f}};
    const struct loss_target neither[2] = {{2, 0, 0.3f}, {0, 1, 0.7f}};
    ok(loss_cross_entropy(&gradient, &logits, second, 0, 1).correct == 2,
       "right by its second label, where that is more");
    ok(loss_cross_entropy(&gradient, &logits, first, 0, 1).correct == 2, "by its first, where that is");
    ok(loss_cross_entropy(&gradient, &logits, neither, 0, 1).correct == 0,
       "not by the one that it has less of");
}

int main(void)
{
    right_answers();
    pool_start(3);
    mixing_kind(0, "mixup");
    mixing_kind(1, "cutmix");
    mixing_threads();
    beta(0.2);
    beta(1);
    beta(3);
    return done();
}
