/* The rounds: draw, measure, percentiles. What images' scores are measured by is in bootstrap_images.c. */
#include "metric/bootstrap.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "num/sorted.h"
#include <math.h>
#include <stdlib.h>

/* The images of each class, good ones first. */
static size_t *strata_of(const unsigned char *defective, size_t n, size_t *good)
{
    size_t *image = xmalloc(n, sizeof *image), at = 0;
    for (size_t i = 0; i < n; i++)
        if (!defective[i])
            image[at++] = i;
    *good = at;
    for (size_t i = 0; i < n; i++)
        if (defective[i])
            image[at++] = i;
    return image;
}

static void draw(uint32_t *times, const size_t *image, size_t good, size_t n, uint64_t seed, size_t round)
{
    struct rng r = rng_new(seed, round);
    for (size_t i = 0; i < n; i++)
        times[i] = 0;
    for (size_t i = 0; i < good; i++)
        times[image[rng_below(&r, good)]]++;
    for (size_t i = good; i < n; i++)
        times[image[good + rng_below(&r, n - good)]]++;
}

void bootstrap_draw(uint32_t *times, const unsigned char *defective, size_t n, uint64_t seed, size_t round)
{
    size_t good, *image = strata_of(defective, n, &good);
    draw(times, image, good, n, seed, round);
    free(image);
}

struct rounds {
    const size_t *image;
    size_t good, n, figures, rounds;
    uint64_t seed;
    bootstrap_measure *measure;
    const void *of;
    uint32_t *times; /* n a worker */
    double *out;     /* figures a worker */
    double *value;   /* figures x rounds */
};

static void run_round(void *arg, size_t round, size_t worker)
{
    const struct rounds *s = arg;
    uint32_t *times = s->times + worker * s->n;
    double *out = s->out + worker * s->figures;
    draw(times, s->image, s->good, s->n, s->seed, round);
    s->measure(out, times, s->of);
    for (size_t i = 0; i < s->figures; i++)
        s->value[i * s->rounds + round] = out[i];
}

/* value: n, sorted on return. */
static struct interval percentiles(double *value, size_t n, double confidence)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(value[i]))
            value[known++] = value[i];
    if (known == 0)
        return (struct interval){NAN, NAN};
    sort_f64(value, known);
    return (struct interval){sorted_quantile_f64(value, known, (1 - confidence) / 2),
                             sorted_quantile_f64(value, known, (1 + confidence) / 2)};
}

void bootstrap_run(struct interval *bounds, size_t figures, const unsigned char *defective, size_t n,
                   const struct bootstrap *b, bootstrap_measure *measure, const void *of)
{
    size_t good, *image = strata_of(defective, n, &good);
    struct rounds s = {.image = image,
                       .good = good,
                       .n = n,
                       .figures = figures,
                       .rounds = b->rounds,
                       .seed = b->seed,
                       .measure = measure,
                       .of = of};
    s.times = xmalloc(pool_size() * n, sizeof *s.times);
    s.out = xmalloc(pool_size() * figures, sizeof *s.out);
    s.value = xmalloc(figures * b->rounds, sizeof *s.value);
    pool_run(b->rounds, run_round, &s);
    for (size_t i = 0; i < figures; i++)
        bounds[i] = percentiles(s.value + i * b->rounds, b->rounds, b->confidence);
    free(s.times);
    free(s.out);
    free(s.value);
    free(image);
}

struct bootstrap_band bootstrap_band_run(size_t points, double last, const unsigned char *defective, size_t n,
                                         const struct bootstrap *b, bootstrap_measure *measure,
                                         const void *of)
{
    struct interval *bounds = xmalloc(points, sizeof *bounds);
    struct bootstrap_band band = {.points = points, .x = xmalloc(4 * points, sizeof *band.x)};
    uint32_t *once = xmalloc(n, sizeof *once);
    band.middle = band.x + points;
    band.low = band.middle + points;
    band.high = band.low + points;
    for (size_t i = 0; i < n; i++)
        once[i] = 1;
    measure(band.middle, once, of);
    bootstrap_run(bounds, points, defective, n, b, measure, of);
    for (size_t i = 0; i < points; i++) {
        band.x[i] = last * (double)i / (double)(points - 1);
        band.low[i] = bounds[i].low;
        band.high[i] = bounds[i].high;
    }
    free(bounds);
    free(once);
    return band;
}

void bootstrap_band_free(struct bootstrap_band *band)
{
    free(band->x);
    *band = (struct bootstrap_band){0};
}
