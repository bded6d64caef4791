/* padim/: a model that more images are added to, against a fit of all; both forms. */
#include "base/thread.h"
#include "padim_set.h"

/* The images from `first` on, added to a model of those before. *left: of the new ones, or of all. */
static struct padim resumed(const struct padim *old, const struct set *s, size_t first, float **left)
{
    struct err e;
    struct padim_fit *f = padim_fit_resume(old, &e);
    if (!f)
        die("%s", e.text);
    float *values = xmalloc(old->grid.values, sizeof *values);
    for (size_t i = first; i < s->n; i++) {
        image_values(values, padim_fit_grid(f), s, i);
        padim_fit_add(f, values);
    }
    free(values);
    struct padim model;
    padim_fit_end(&model, f, old->ridge, PADIM_AUTO, left);
    return model;
}

/* A model of the first images and then the others, against one of all: the same distances of fresh images and of those left out. */
static void adding(size_t first, size_t n, size_t channels, double scale, double tolerance)
{
    static const size_t shape[][3] = {{7, 9, 14}, {4, 5, 16}, {3, 2, 17}, {4, 5, 13}};
    struct set s = random_set(n, 4, shape, scale), fresh = random_set(n + 1, 4, shape, scale), part = s;
    size_t *chosen = padim_draw(60, channels, 4);
    const size_t positions = 63;
    float *left_all, *left_new;
    part.n = first;
    struct padim all = fit(&s, SIZE_MAX, chosen, channels, PADIM_AUTO, &left_all);
    struct padim old = fit(&part, SIZE_MAX, chosen, channels, PADIM_AUTO, NULL);
    struct padim sum = resumed(&old, &s, first, &left_new);
    const size_t skipped = old.form == PADIM_PACKED ? first : 0;
    double worst = 0;
    for (size_t i = skipped * positions; i < n * positions; i++)
        worst = worse(worst, fabs((double)left_new[i - skipped * positions] / (double)left_all[i] - 1));
    const double off = difference(&sum, &all, &fresh);
    ok(sum.images == n && sum.form == all.form && off <= tolerance,
       "%zu images and %zu more of scale %g are a fit of all, %s to %s: off by %.1e", first, n - first, scale,
       form_name(old.form), form_name(sum.form), off);
    ok(worst <= tolerance, "and those left out: off by %.1e", worst);
    free(left_all);
    free(left_new);
    padim_free(&all);
    padim_free(&old);
    padim_free(&sum);
    free(chosen);
    set_free(&s);
    set_free(&fresh);
}

/* Twice, one image at a time, and a set that drowns the ridge. */
static void adding_more(void)
{
    static const size_t shape[][3] = {{4, 4, 6}, {2, 2, 8}};
    struct set s = random_set(40, 2, shape, 1), part = s, large = random_set(5, 2, shape, 60),
               huge = random_set(5, 2, shape, 3e3);
    struct err e;
    size_t *chosen = padim_draw(14, 9, 4);
    part.n = 30;
    struct padim all = fit(&s, SIZE_MAX, chosen, 9, PADIM_AUTO, NULL);
    struct padim sum = fit(&part, SIZE_MAX, chosen, 9, PADIM_AUTO, NULL);
    for (size_t i = 30; i < 40; i++) {
        struct padim old = sum;
        part.n = i + 1;
        sum = resumed(&old, &part, i, NULL);
        padim_free(&old);
    }
    const double off = difference(&sum, &all, &s);
    ok(off < 1e-5, "ten images one after the other are a fit of all: off by %.1e", off);
    struct padim drowning = fit(&large, SIZE_MAX, chosen, 9, PADIM_LOW_RANK, NULL);
    struct padim drowned = fit(&huge, SIZE_MAX, chosen, 9, PADIM_LOW_RANK, NULL);
    ok(!padim_fit_resume(&drowned, &e), "features that a low rank has lost are refused: %s", e.text);
    ok(!padim_fit_resume(&drowning, &e), "and those that it is about to lose");
    padim_free(&drowning);
    set_free(&huge);
    padim_free(&all);
    padim_free(&sum);
    padim_free(&drowned);
    free(chosen);
    set_free(&s);
    set_free(&large);
}

int main(void)
{
    pool_start(2);
    adding(8, 12, 50, 1, 1e-5);
    adding(12, 80, 50, 1, 1e-5);
    adding(70, 80, 50, 1, 1e-5);
    adding(70, 71, 50, 30, 1e-4);
    adding(8, 12, 50, 3, 1e-4);
    adding(8, 12, 50, 10, 1e-3);
    adding_more();
    return done();
}
