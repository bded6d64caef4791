/* Figures of images by their scores, for the rounds of bootstrap.c. Images are sorted once; a round then walks them in the
 * order of falling scores, each as often as it was drawn. */
#include "base/mem.h"
#include "metric/bootstrap.h"
#include "metric/ranking.h"
#include <math.h>
#include <stdlib.h>

struct placed {
    double score;
    size_t image;
    bool defective;
};

/* A list of scores, and what else a measure may ask. */
struct ranked {
    struct placed *at; /* n, highest score first */
    size_t n;
    uint64_t positives, negatives; /* the same in every round */
    size_t points;                 /* of a curve */
    const struct ranked *other;
};

static int falling(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static struct ranked rank(const struct bootstrap_images *images, const double *score)
{
    struct ranked r = {.at = xmalloc(images->n, sizeof *r.at), .n = images->n};
    for (size_t i = 0; i < r.n; i++) {
        const bool defective = images->defective[i] != 0;
        r.at[i] = (struct placed){score[i], i, defective};
        r.positives += defective;
        r.negatives += !defective;
    }
    qsort(r.at, r.n, sizeof *r.at, falling);
    return r;
}

/* Images with the same score. */
struct group {
    double score;
    uint64_t positives, negatives;
};

static bool next_group(struct group *g, const struct ranked *r, const uint32_t *times, size_t *at)
{
    if (*at == r->n)
        return false;
    *g = (struct group){.score = r->at[*at].score};
    for (; *at < r->n && r->at[*at].score == g->score; ++*at) {
        const uint32_t n = times[r->at[*at].image];
        *(r->at[*at].defective ? &g->positives : &g->negatives) += n;
    }
    return true;
}

static struct ranking walk(const struct ranked *r, const uint32_t *times)
{
    struct ranking ranking = {.positives = r->positives, .negatives = r->negatives};
    struct group g;
    for (size_t at = 0; next_group(&g, r, times, &at);)
        ranking_add(&ranking, g.score, g.positives, g.negatives);
    return ranking;
}

static void measure_auroc(double *out, const uint32_t *times, const void *of)
{
    const struct ranking ranking = walk(of, times);
    *out = ranking_auroc(&ranking);
}

static void measure_difference(double *out, const uint32_t *times, const void *of)
{
    const struct ranked *r = of;
    const struct ranking one = walk(r, times), two = walk(r->other, times);
    *out = ranking_auroc(&one) - ranking_auroc(&two);
}

/* Counts that a point of a curve asks for are whole or not: this much is rounding. */
#define NOTHING 1e-9

static double wanted(const struct ranked *r, size_t point, uint64_t of)
{
    return (double)point / (double)(r->points - 1) * (double)of;
}

static bool one_class(double *out, const struct ranked *r)
{
    const bool one = r->positives == 0 || r->negatives == 0;
    for (size_t i = 0; i < r->points && one; i++)
        out[i] = NAN;
    return one;
}

static void measure_roc(double *out, const uint32_t *times, const void *of)
{
    const struct ranked *r = of;
    uint64_t tp = 0, fp = 0;
    size_t point = 0;
    struct group g;
    if (one_class(out, r))
        return;
    for (size_t at = 0; next_group(&g, r, times, &at); tp += g.positives, fp += g.negatives)
        for (; wanted(r, point, r->negatives) < (double)(fp + g.negatives) - NOTHING; point++) {
            const double part = fmax(wanted(r, point, r->negatives) - (double)fp, 0) / (double)g.negatives;
            out[point] = ((double)tp + part * (double)g.positives) / (double)r->positives;
        }
    for (; point < r->points; point++)
        out[point] = 1;
}

static void measure_pr(double *out, const uint32_t *times, const void *of)
{
    const struct ranked *r = of;
    uint64_t tp = 0, fp = 0;
    size_t point = 0;
    struct group g;
    if (one_class(out, r))
        return;
    for (size_t at = 0; next_group(&g, r, times, &at);) {
        tp += g.positives;
        fp += g.negatives;
        for (; tp && point < r->points && wanted(r, point, r->positives) <= (double)tp + NOTHING; point++)
            out[point] = (double)tp / (double)(tp + fp);
    }
}

struct interval bootstrap_auroc(const struct bootstrap_images *images, const struct bootstrap *b)
{
    struct ranked r = rank(images, images->score);
    struct interval bounds;
    bootstrap_run(&bounds, 1, images->defective, images->n, b, measure_auroc, &r);
    free(r.at);
    return bounds;
}

struct interval bootstrap_difference(const struct bootstrap_images *images, const double *other,
                                     const struct bootstrap *b)
{
    struct ranked one = rank(images, images->score), two = rank(images, other);
    struct interval bounds;
    one.other = &two;
    bootstrap_run(&bounds, 1, images->defective, images->n, b, measure_difference, &one);
    free(one.at);
    free(two.at);
    return bounds;
}

static struct bootstrap_band curve(const struct bootstrap_images *images, size_t points,
                                   const struct bootstrap *b, bootstrap_measure *measure)
{
    struct ranked r = rank(images, images->score);
    r.points = points;
    struct bootstrap_band band = bootstrap_band_run(points, 1, images->defective, images->n, b, measure, &r);
    free(r.at);
    return band;
}

struct bootstrap_band bootstrap_roc(const struct bootstrap_images *images, size_t points,
                                    const struct bootstrap *b)
{
    return curve(images, points, b, measure_roc);
}

struct bootstrap_band bootstrap_pr(const struct bootstrap_images *images, size_t points,
                                   const struct bootstrap *b)
{
    return curve(images, points, b, measure_pr);
}
