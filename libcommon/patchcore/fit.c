#include "patchcore/fit.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "search/coreset.h"
#include "num/distance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The generator's stream for start vectors. */
enum { RNG_STREAM = 0x73746172, TEN = 10, CALIBRATION_MIN = 50 };
#define CALIBRATION_PRODUCTS 1e12

struct patchcore_fit {
    size_t height, width, channels, dims;
    size_t images;
    FILE *spool; /* images x height x width x dims */
};

static const char spool_name[] = "the temporary file of features";

struct patchcore_fit *patchcore_fit_new(size_t height, size_t width, size_t channels)
{
    struct patchcore_fit *fit = xcalloc(1, sizeof *fit);
    *fit = (struct patchcore_fit){height, width, channels, distance_padded(channels), 0, spool_open()};
    return fit;
}

void patchcore_fit_free(struct patchcore_fit *fit)
{
    if (!fit)
        return;
    fclose(fit->spool);
    free(fit);
}

static size_t positions(const struct patchcore_fit *fit)
{
    return fit->height * fit->width;
}

void patchcore_fit_add(struct patchcore_fit *fit, const float *patch)
{
    if (fit->images >= UINT32_MAX / positions(fit) - 1)
        die("more than 2^32 patches");
    file_write(patch, positions(fit) * fit->dims * sizeof *patch, fit->spool, spool_name);
    fit->images++;
}

size_t patchcore_fit_images(const struct patchcore_fit *fit)
{
    return fit->images;
}

/* Reads n rows of the spool, from row `first` on. */
static void read_rows(const struct patchcore_fit *fit, float *out, size_t first, size_t n)
{
    const size_t row = fit->dims * sizeof *out;
    size_t done = 0;
    while (done < n * row) {
        const ssize_t got =
            pread(fileno(fit->spool), (char *)out + done, n * row - done, (off_t)(first * row + done));
        if (got < 0)
            die("%s:", spool_name);
        if (got == 0)
            die("%s: it is shorter than what was written", spool_name);
        done += (size_t)got;
    }
}

static void flush_spool(const struct patchcore_fit *fit)
{
    if (fflush(fit->spool))
        die("%s:", spool_name);
}

/* All vectors as the coreset selection sees them: n x *dims; free() it. */
static float *project(const struct patchcore_fit *fit, const struct patchcore_plan *plan, size_t *dims)
{
    const size_t n = fit->images * positions(fit);
    const size_t wanted = plan->dims == PATCHCORE_DIMS_AUTO ? projection_dims(n) : plan->dims;
    *dims = wanted ? distance_padded(wanted) : fit->dims;
    mem_need((n * *dims + positions(fit) * fit->dims) * sizeof(float), "the projected features");
    float *out = xaligned(n * *dims, sizeof *out);
    if (!wanted) {
        read_rows(fit, out, 0, n);
        return out;
    }
    struct projection p = projection_new(plan->projection, fit->channels, wanted, plan->seed);
    float *image = xaligned(positions(fit) * fit->dims, sizeof *image);
    for (size_t i = 0; i < fit->images; i++) {
        read_rows(fit, image, i * positions(fit), positions(fit));
        projection_apply(&p, out + i * positions(fit) * *dims, *dims, image, fit->dims, positions(fit));
    }
    free(image);
    projection_free(&p);
    return out;
}

/* The squared mean distance of every vector to ten at random. */
static void mean_of_ten(float *bound, const float *x, size_t n, size_t dims, struct rng *r)
{
    size_t ten[TEN];
    for (size_t k = 0; k < TEN; k++)
        ten[k] = rng_below(r, n);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t k = 0; k < TEN; k++)
            sum += sqrt((double)distance_squared(x + i * dims, x + ten[k] * dims, dims));
        bound[i] = (float)(sum / TEN * (sum / TEN));
    }
}

/* The rows of the bank; *count of them; free() it. */
static size_t *select_rows(const struct patchcore_fit *fit, const struct patchcore_plan *plan, size_t *count)
{
    const size_t n = fit->images * positions(fit), part = (size_t)((double)n * plan->ratio);
    const size_t wanted = part ? part : 1;
    size_t dims, *chosen = xmalloc(wanted, sizeof *chosen);
    if (wanted == n) {
        for (size_t i = 0; i < n; i++)
            chosen[i] = i;
        *count = n;
        return chosen;
    }
    struct rng r = rng_new(plan->seed, RNG_STREAM);
    float *x = project(fit, plan, &dims), *bound = xaligned(n, sizeof *bound);
    const bool one = plan->start == PATCHCORE_START_ONE;
    for (size_t i = 0; i < n; i++)
        bound[i] = INFINITY;
    if (one)
        chosen[0] = rng_below(&r, n);
    else
        mean_of_ten(bound, x, n, dims, &r);
    *count = coreset_greedy(chosen, one, wanted, bound, x, n, dims);
    if (*count == 0) { /* all vectors are equal */
        chosen[0] = 0;
        *count = 1;
    }
    free(bound);
    free(x);
    return chosen;
}

static void round_to_half(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = f16_to_f32(f32_to_f16(x[i]));
}

void patchcore_fit_bank(struct patchcore_fit *fit, struct patchcore *m, const struct patchcore_plan *plan)
{
    flush_spool(fit);
    size_t *chosen = select_rows(fit, plan, &m->n);
    m->channels = fit->channels;
    m->dims = fit->dims;
    mem_need(m->n * m->dims * sizeof *m->bank, "the memory bank");
    m->bank = xaligned(m->n * m->dims, sizeof *m->bank);
    m->owner = xmalloc(m->n, sizeof *m->owner);
    for (size_t i = 0; i < m->n; i++) {
        read_rows(fit, m->bank + i * m->dims, chosen[i], 1);
        m->owner[i] = (uint32_t)(chosen[i] / positions(fit));
    }
    if (plan->half)
        round_to_half(m->bank, m->n * m->dims);
    m->index = neighbours_new(m->bank, m->owner, m->n, m->dims);
    free(chosen);
}

static size_t calibration_images(const struct patchcore_fit *fit, const struct patchcore *m)
{
    const double products = (double)positions(fit) * (double)m->n * (double)m->dims;
    const double affordable = CALIBRATION_PRODUCTS / products;
    const size_t images = affordable > CALIBRATION_MIN ? (size_t)fmin(affordable, 1e9) : CALIBRATION_MIN;
    return images < fit->images ? images : fit->images;
}

/* The score of training image i as a new image; against the whole bank where nothing else is in it. */
static double score_left_out(const struct patchcore_fit *fit, const struct patchcore *m, float *map,
                             struct map_size size, const float *patch, size_t i)
{
    double score = patchcore_score(m, map, size, patch, fit->height, fit->width, (uint32_t)i);
    if (isfinite(score))
        return score;
    warning("the bank holds vectors of one image only: the threshold will be too low");
    score = patchcore_score(m, map, size, patch, fit->height, fit->width, NEIGHBOURS_ALL);
    if (!isfinite(score))
        die("the features are too large to measure distances");
    return score;
}

struct calibration patchcore_fit_calibrate(struct patchcore_fit *fit, const struct patchcore *m,
                                           struct map_size size, double quantile)
{
    const size_t images = calibration_images(fit, m), pixels = size.width * size.height;
    struct normals *normals = normals_new();
    struct progress progress = progress_start("training images scored", images);
    mem_need(2 * pixels * sizeof(float), "an anomaly map");
    float *map = xaligned(pixels, sizeof *map);
    float *patch = xaligned(positions(fit) * fit->dims, sizeof *patch);
    for (size_t k = 0; k < images; k++) {
        const size_t i = k * fit->images / images;
        read_rows(fit, patch, i * positions(fit), positions(fit));
        normals_add(normals, score_left_out(fit, m, map, size, patch, i), map, pixels);
        progress_add(&progress, 1);
    }
    progress_end(&progress);
    free(map);
    free(patch);
    return normals_calibrate(normals, quantile);
}
