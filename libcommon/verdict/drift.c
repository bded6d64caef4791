#include "verdict/drift.h"
#include "base/mem.h"
#include "num/sorted.h"
#include "verdict/kolmogorov.h"
#include <math.h>
#include <stdlib.h>

struct drift {
    struct normal_scores fit;
    size_t below;  /* of fit.value: those below the cut */
    size_t images; /* whose scores are below it */
    float cut;
    size_t window, n; /* parts in a window; those in it */
    double limit;
    float score[DRIFT_WINDOW_MAX];
};

/* Paths on a larger lattice take long; the limit of fewer images is a little higher, so warnings come a little later. */
enum { LATTICE_MAX = 10000 };

/* The threshold where all the fit's scores are below it, else the highest of those known that is not above it. */
static void set_cut(struct drift *d, double threshold)
{
    const float *v = d->fit.value;
    size_t k = d->fit.n;
    d->cut = (float)threshold;
    d->below = d->fit.n;
    d->images = d->fit.images;
    if ((double)v[k - 1] < threshold)
        return;
    while (k > 0 && (double)v[k - 1] > threshold)
        k--;
    while (k > 1 && v[k - 2] == v[k - 1])
        k--;
    d->below = k ? k - 1 : 0;
    d->cut = v[d->below];
    d->images = normal_scores_rank(&d->fit, d->below);
}

struct drift *drift_new(const struct normal_scores *fit, double threshold, size_t window, double level,
                        struct err *e)
{
    struct drift *d = xcalloc(1, sizeof *d);
    d->fit = *fit;
    d->window = window;
    set_cut(d, threshold);
    const size_t n = d->images < LATTICE_MAX ? d->images : LATTICE_MAX;
    const uint64_t limit = n ? kolmogorov_limit(n, window, level) : 1;
    d->limit = n ? (double)limit / ((double)n * (double)window) : 2;
    if (d->limit <= 1)
        return d;
    err_set(e, "%zu scores of normal images below the threshold are too few to tell a drift by %zu parts",
            d->images, window);
    free(d);
    return NULL;
}

/* Both distribution functions, in units of 1 / (images * window), just before and at each of the fit's values. */
static double distance(const struct drift *d)
{
    const float *v = d->fit.value, *s = d->score;
    double most = 0;
    for (size_t k = 0, less = 0, end; k < d->below; k = end) {
        for (end = k + 1; end < d->below && v[end] == v[k];)
            end++;
        while (less < d->window && s[less] < v[k])
            less++;
        size_t upto = less;
        while (upto < d->window && s[upto] == v[k])
            upto++;
        const double fit_less = (double)normal_scores_rank(&d->fit, k) * (double)d->window;
        const double fit_upto = (double)(normal_scores_rank(&d->fit, end - 1) + 1) * (double)d->window;
        most = fmax(most, fabs((double)less * (double)d->images - fit_less));
        most = fmax(most, fabs((double)upto * (double)d->images - fit_upto));
    }
    return most / ((double)d->images * (double)d->window);
}

bool drift_take(struct drift *d, double score, struct drift_result *result)
{
    if (!((float)score < d->cut))
        return false;
    d->score[d->n++] = (float)score;
    if (d->n < d->window)
        return false;
    sort_f32(d->score, d->n);
    const double most = distance(d);
    *result = (struct drift_result){.distance = most,
                                    .limit = d->limit,
                                    .median = (double)d->score[d->n / 2],
                                    .normal_median = (double)d->fit.value[d->below / 2],
                                    .drifted = most >= d->limit};
    d->n = 0;
    return true;
}

void drift_free(struct drift *d)
{
    free(d);
}
