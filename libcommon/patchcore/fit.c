/* A fit from images to a bank:
 *   add      an image's patches go to the spool, as they are: 1.6 MB each with layers 2 and 3 of ResNet-18 at 256 x 256; whatever
 *            is read back is scaled
 *   project  all of them are read back, image after image, and kept as `dims` random projections each: in memory, or where that
 *            would take more than half of what is left, on the disk
 *   greedy   the vector farthest from all chosen is chosen, again and again (search/coreset.h), in those projections; a bound for
 *            each vector, its distance to the nearest chosen, begins as infinity (start 1) or as its mean distance to ten (start 10)
 *   bank     the chosen vectors are read from the spool, now whole, with the image that each came from
 *   grow     or, from a bank that was read, greedy goes on among the new vectors, until none is farther than its coverage
 *   index    what finds a vector's nearest in the bank (search/neighbours.h)
 *   left out a training image is read from the spool once more and scored without the vectors that it gave */
#include "patchcore/fit.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/scratch.h"
#include "base/size.h"
#include "base/spool.h"
#include "search/coreset.h"
#include "num/distance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The generator's stream for start vectors. No image of this fit owns the vectors of a bank that was read. */
enum { RNG_STREAM = 0x73746172, TEN = 10, CALIBRATION_MIN = 50, COPIES = 1024 };
#define NOBODY UINT32_MAX

struct patchcore_fit {
    size_t positions, channels, dims; /* positions: patches of an image */
    size_t images;
    double products;               /* that the threshold may take */
    struct spool *spool;           /* images x positions x dims */
    float *patch;                  /* an image of it; NULL until one is left out */
    const struct patchcore *model; /* whose scale rows are read with */
};

struct patchcore_fit *patchcore_fit_new(size_t n, size_t channels, double products)
{
    struct patchcore_fit *fit = xcalloc(1, sizeof *fit);
    *fit = (struct patchcore_fit){.positions = n,
                                  .channels = channels,
                                  .dims = distance_padded(channels),
                                  .products = products,
                                  .spool = spool_new("features")};
    return fit;
}

void patchcore_fit_free(struct patchcore_fit *fit)
{
    if (!fit)
        return;
    spool_free(fit->spool);
    free(fit->patch);
    free(fit);
}

void patchcore_fit_add(struct patchcore_fit *fit, const float *patch)
{
    if (fit->images >= UINT32_MAX / fit->positions - 1)
        die("more than 2^32 patches");
    spool_add(fit->spool, patch, fit->positions * fit->dims * sizeof *patch);
    fit->images++;
}

size_t patchcore_fit_images(const struct patchcore_fit *fit)
{
    return fit->images;
}

/* Reads n rows of the spool, from row `first` on, and scales them. */
static void read_rows(const struct patchcore_fit *fit, float *out, size_t first, size_t n)
{
    const size_t row = fit->dims * sizeof *out;
    spool_read(fit->spool, out, n * row, (uint64_t)first * row);
    patchcore_scale(fit->model, out, n);
}

/* The vectors of the bank as the coreset selection sees them, or as they are where p is NULL. */
static void copy_bank(float *out, size_t dims, const struct patchcore *m, const struct projection *p)
{
    for (size_t from = 0; from < m->n; from += COPIES) {
        const size_t n = size_least(COPIES, m->n - from);
        const float *x = m->bank + from * m->dims;
        if (p)
            projection_apply(p, out + from * dims, dims, x, m->dims, n);
        else
            memcpy(out + from * dims, x, n * dims * sizeof *out);
        scratch_relax();
    }
}

/* All vectors as the coreset selection sees them, those of the bank first where there is one: n x *dims. */
static struct scratch project(const struct patchcore_fit *fit, const struct patchcore_plan *plan,
                              size_t *dims)
{
    const struct patchcore *m = fit->model;
    const size_t n = m->n + fit->images * fit->positions, wanted = m->projected;
    *dims = wanted ? distance_padded(wanted) : fit->dims;
    mem_need(fit->positions * fit->dims * sizeof(float), "an image's features");
    const struct scratch all = scratch_new(n * *dims, sizeof(float), "the projected features");
    float *out = all.data, *added = out + m->n * *dims;
    if (!wanted) {
        copy_bank(out, *dims, m, NULL);
        for (size_t i = 0; i < fit->images; i++) {
            read_rows(fit, added + i * fit->positions * *dims, i * fit->positions, fit->positions);
            scratch_relax();
        }
        return all;
    }
    struct projection p = projection_new(plan->projection, fit->channels, wanted, plan->seed);
    float *image = xaligned(fit->positions * fit->dims, sizeof *image);
    copy_bank(out, *dims, m, &p);
    for (size_t i = 0; i < fit->images; i++) {
        read_rows(fit, image, i * fit->positions, fit->positions);
        projection_apply(&p, added + i * fit->positions * *dims, *dims, image, fit->dims, fit->positions);
        scratch_relax();
    }
    free(image);
    projection_free(&p);
    return all;
}

/* The squared mean distance of every vector to ten at random. */
static void mean_of_ten(float *bound, const float *x, size_t n, size_t dims, struct rng *r)
{
    size_t ten[TEN];
    for (size_t k = 0; k < TEN; k++)
        ten[k] = rng_below(r, n);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        if (i % 4096 == 0)
            scratch_relax();
        for (size_t k = 0; k < TEN; k++)
            sum += sqrt((double)distance_squared(x + i * dims, x + ten[k] * dims, dims));
        bound[i] = (float)(sum / TEN * (sum / TEN));
    }
}

static float *no_bounds(size_t n)
{
    float *bound = xaligned(n, sizeof *bound);
    for (size_t i = 0; i < n; i++)
        bound[i] = INFINITY;
    return bound;
}

/* Greedily from one vector or from ten; the squared coverage. x: n x dims. */
static float select_greedily(size_t *chosen, size_t *count, size_t wanted, const struct patchcore_plan *plan,
                             const float *x, size_t n, size_t dims)
{
    struct rng r = rng_new(plan->seed, RNG_STREAM);
    float *bound = no_bounds(n), radius = 0;
    const bool one = plan->start == PATCHCORE_START_ONE;
    if (one)
        chosen[0] = rng_below(&r, n);
    else
        mean_of_ten(bound, x, n, dims, &r);
    *count = coreset_cover(chosen, one, wanted, wanted, bound, x, n, dims, &radius);
    free(bound);
    if (*count == 0) { /* all vectors are equal */
        chosen[0] = 0;
        *count = 1;
    }
    if (one)
        return radius;
    bound = no_bounds(n); /* the others were of the ten as well */
    coreset_cover(chosen, *count, *count, *count, bound, x, n, dims, &radius);
    free(bound);
    return radius;
}

/* The rows of the bank; *count of them; free() it. */
static size_t *select_rows(const struct patchcore_fit *fit, const struct patchcore_plan *plan, size_t *count,
                           double *coverage)
{
    const size_t n = fit->images * fit->positions, part = (size_t)((double)n * plan->ratio);
    const size_t wanted = part ? part : 1;
    size_t dims, *chosen = xmalloc(wanted, sizeof *chosen);
    *coverage = 0;
    if (wanted == n) {
        for (size_t i = 0; i < n; i++)
            chosen[i] = i;
        *count = n;
        return chosen;
    }
    struct scratch x = project(fit, plan, &dims);
    *coverage = sqrt((double)select_greedily(chosen, count, wanted, plan, x.data, n, dims));
    scratch_free(&x);
    return chosen;
}

/* Chosen rows of the spool, `first` being the number of its first, behind what the bank has. */
static void extend_bank(struct patchcore_fit *fit, struct patchcore *m, const size_t *chosen, size_t count,
                        size_t first, bool half)
{
    const size_t n = m->n + count;
    struct scratch store = scratch_new(n * m->dims, sizeof *m->bank, "the memory bank");
    float *added = (float *)store.data + m->n * m->dims;
    uint32_t *owner = xmalloc(n, sizeof *owner);
    for (size_t i = 0; i < m->n; i++)
        owner[i] = NOBODY;
    copy_bank(store.data, m->dims, m, NULL);
    for (size_t i = 0; i < count; i++) {
        float *vector = added + i * m->dims;
        read_rows(fit, vector, chosen[i] - first, 1);
        owner[m->n + i] = (uint32_t)((chosen[i] - first) / fit->positions);
        if (half)
            patchcore_round(vector, m->dims);
        if (i % COPIES == 0)
            scratch_relax();
    }
    free(m->owner);
    m->owner = owner;
    patchcore_hold(m, store, n);
    m->index = neighbours_new(m->bank, owner, n, m->dims);
}

void patchcore_fit_bank(struct patchcore_fit *fit, struct patchcore *m, const struct patchcore_plan *plan)
{
    m->channels = fit->channels;
    m->dims = fit->dims;
    m->positions = fit->positions;
    m->projected =
        plan->dims == PATCHCORE_DIMS_AUTO ? projection_dims(fit->images * fit->positions) : plan->dims;
    if (plan->scale) {
        m->scale = xmalloc(m->channels, sizeof *m->scale);
        memcpy(m->scale, plan->scale, m->channels * sizeof *m->scale);
    }
    fit->model = m;
    size_t count, *chosen = select_rows(fit, plan, &count, &m->coverage);
    extend_bank(fit, m, chosen, count, 0, plan->half);
    free(chosen);
}

void patchcore_fit_grow(struct patchcore_fit *fit, struct patchcore *m, const struct patchcore_plan *plan,
                        size_t old_images)
{
    fit->model = m;
    m->positions = fit->positions;
    size_t dims, n = m->n + fit->images * fit->positions, *chosen = xmalloc(n, sizeof *chosen);
    struct scratch x = project(fit, plan, &dims);
    float *bound = no_bounds(n), radius = (float)(m->coverage * m->coverage);
    for (size_t i = 0; i < m->n; i++)
        chosen[i] = i;
    const size_t like_a_refit =
        (size_t)(((double)old_images + (double)fit->images) * (double)fit->positions * plan->ratio);
    const size_t least = like_a_refit < n ? like_a_refit : n;
    const size_t count = coreset_cover(chosen, m->n, least, n, bound, x.data, n, dims, &radius);
    free(bound);
    scratch_free(&x);
    extend_bank(fit, m, chosen + m->n, count - m->n, m->n, plan->half);
    free(chosen);
}

size_t patchcore_fit_left_out_images(const struct patchcore_fit *fit, const struct patchcore *m)
{
    const double products = (double)fit->positions * (double)m->n * (double)m->dims;
    const double affordable = fit->products / products;
    const size_t images = affordable > CALIBRATION_MIN ? (size_t)fmin(affordable, 1e9) : CALIBRATION_MIN;
    return images < fit->images ? images : fit->images;
}

double patchcore_fit_left_out(struct patchcore_fit *fit, const struct patchcore *m, size_t i, float *distance)
{
    const size_t image = i * fit->images / patchcore_fit_left_out_images(fit, m);
    if (!fit->patch)
        fit->patch = xaligned(fit->positions * fit->dims, sizeof *fit->patch);
    read_rows(fit, fit->patch, image * fit->positions, fit->positions);
    const double score = patchcore_score(m, distance, fit->patch, fit->positions, (uint32_t)image);
    if (isfinite(score))
        return score;
    warning("the bank holds vectors of one image only: the threshold will be too low");
    return patchcore_score(m, distance, fit->patch, fit->positions, NEIGHBOURS_ALL);
}
