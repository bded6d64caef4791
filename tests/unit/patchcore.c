/* patchcore/model: a bank in a file. patchcore/fit: the start with ten vectors against the plain loop; which training images set the threshold, and how far they
 * are. */
#include "patchcore/fit.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "num/distance.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* n images of one patch of 5 channels, x: n x padded */
static float *points(size_t n, size_t dims)
{
    struct rng r = rng_new(3, 1);
    float *x = xcalloc(n * dims, sizeof *x);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 5; k++)
            x[i * dims + k] = (float)(rng_normal(&r) * (k ? 1 : 3));
    return x;
}

static struct patchcore_fit *fit_of(const float *x, size_t n, size_t dims, double products)
{
    struct patchcore_fit *fit = patchcore_fit_new(1, 5, products);
    for (size_t i = 0; i < n; i++)
        patchcore_fit_add(fit, x + i * dims);
    return fit;
}

/* PatchCore's authors: every vector's bound begins with its mean distance to ten at random (that of the fit's generator), the
 * farthest is taken, bounds become the distance to it where that is smaller; here in distances, not in squares. */
static void choose_plainly(size_t *chosen, size_t count, const float *x, size_t n, size_t dims)
{
    struct rng r = rng_new(5, 0x73746172);
    size_t ten[10];
    double *bound = xcalloc(n, sizeof *bound);
    for (size_t k = 0; k < 10; k++)
        ten[k] = rng_below(&r, n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 10; k++)
            bound[i] += sqrt((double)distance_squared(x + i * dims, x + ten[k] * dims, dims)) / 10;
    for (size_t c = 0; c < count; c++) {
        size_t far = 0;
        for (size_t i = 1; i < n; i++)
            far = bound[i] > bound[far] ? i : far;
        chosen[c] = far;
        for (size_t i = 0; i < n; i++)
            bound[i] = fmin(bound[i], sqrt((double)distance_squared(x + i * dims, x + far * dims, dims)));
    }
    free(bound);
}

static void start_with_ten(void)
{
    enum { N = 200, COUNT = 60 };
    const size_t dims = distance_padded(5);
    const struct patchcore_plan plan = {.ratio = 0.3, .start = PATCHCORE_START_TEN, .seed = 5};
    float *x = points(N, dims);
    struct patchcore m = {.neighbours = 1};
    struct patchcore_fit *fit = fit_of(x, N, dims, PATCHCORE_PRODUCTS);
    size_t want[COUNT], same = 0;
    choose_plainly(want, COUNT, x, N, dims);
    patchcore_fit_bank(fit, &m, &plan);
    for (size_t i = 0; i < COUNT && i < m.n; i++)
        same += m.owner[i] == want[i];
    ok(m.n == COUNT && same == COUNT, "a start with the mean distance to ten: %zu of %d as by the plain loop",
       same, COUNT);
    patchcore_free(&m);
    patchcore_fit_free(fit);
    free(x);
}

static double nearest_other(const float *x, size_t n, size_t dims, size_t i)
{
    double least = INFINITY;
    for (size_t k = 0; k < n; k++)
        if (k != i)
            least = fmin(least, sqrt((double)distance_squared(x + i * dims, x + k * dims, dims)));
    return least;
}

/* A bank of all: an image's distance without itself is that to its nearest other. */
static void left_out(size_t n, double products, size_t count)
{
    const size_t dims = distance_padded(5);
    const struct patchcore_plan plan = {.ratio = 1};
    float *x = points(n, dims), distance;
    struct patchcore m = {.neighbours = 1};
    struct patchcore_fit *fit = fit_of(x, n, dims, products);
    double worst = 0;
    patchcore_fit_bank(fit, &m, &plan);
    const size_t images = patchcore_fit_left_out_images(fit, &m);
    ok(images == count, "%g products of %zu x %zu allow %zu images of %zu", products, n, dims, images, n);
    for (size_t i = 0; i < images; i++) {
        const double want = nearest_other(x, n, dims, i * n / count);
        worst = worse(worst, fabs(patchcore_fit_left_out(fit, &m, i, &distance) - want));
        worst = worse(worst, fabs((double)distance - want));
    }
    ok(worst <= 1e-6, "they are spread evenly, each without its own vectors: off by %g", worst);
    patchcore_free(&m);
    patchcore_fit_free(fit);
    free(x);
}

/* As the selection sees vectors; free() them. */
static float *seen(const float *x, size_t n, size_t dims, const struct patchcore_plan *plan)
{
    float *out = xcalloc(n * dims, sizeof *out);
    memcpy(out, x, n * dims * sizeof *x);
    if (!plan->dims)
        return out;
    struct projection p = projection_new(plan->projection, 5, plan->dims, plan->seed);
    projection_apply(&p, out, dims, x, dims, n);
    projection_free(&p);
    return out;
}

static double coverage_of(const struct patchcore *m, const float *x, size_t n,
                          const struct patchcore_plan *plan)
{
    float *bank = seen(m->bank, m->n, m->dims, plan), *vector = seen(x, n, m->dims, plan);
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double least = INFINITY;
        for (size_t k = 0; k < m->n; k++)
            least = fmin(least, (double)distance_squared(vector + i * m->dims, bank + k * m->dims, m->dims));
        most = fmax(most, sqrt(least));
    }
    free(bank);
    free(vector);
    return most;
}

static double least_apart(const struct patchcore *m)
{
    double least = INFINITY;
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < i; k++)
            least =
                fmin(least, (double)distance_squared(m->bank + i * m->dims, m->bank + k * m->dims, m->dims));
    return sqrt(least);
}

/* Images that are added: no vector, old or new, is farther from the bank than its coverage says; the bank grows by what that
 * takes, and to the part that a fit of all would keep. `far`: the new ones lie elsewhere. */
static void growing(enum patchcore_start start, size_t projected, size_t old, double ratio, float far)
{
    enum { N = 300 };
    const size_t dims = distance_padded(5);
    const struct patchcore_plan plan = {.ratio = ratio, .start = start, .seed = 5, .dims = projected};
    float *x = points(N, dims), distance;
    struct patchcore m = {.neighbours = 1};
    for (size_t i = old * dims; i < N * dims; i += dims)
        x[i] += far * (float)(i % 7);
    struct patchcore_fit *fit = fit_of(x, old, dims, PATCHCORE_PRODUCTS);
    patchcore_fit_bank(fit, &m, &plan);
    const double coverage = m.coverage, before = coverage_of(&m, x, old, &plan);
    const size_t had = m.n;
    patchcore_fit_free(fit);
    ok(fabs(coverage - before) < 1e-6, "coverage %g is the farthest of %zu vectors from %zu", coverage, old,
       had);
    fit = fit_of(x + old * dims, N - old, dims, PATCHCORE_PRODUCTS);
    patchcore_fit_grow(fit, &m, &plan, old);
    const double after = coverage_of(&m, x, N, &plan);
    const size_t like = (size_t)(N * ratio);
    ok(after <= coverage + 1e-6 && m.n >= like && m.n < N,
       "%zu more, %g away, in %zu dimensions: none farther than %g, by %zu vectors (a fit of all keeps %zu)",
       N - old, (double)far, projected, after, m.n, like);
    if (start == PATCHCORE_START_ONE && m.n > like && !projected)
        ok(least_apart(&m) >= coverage - 1e-6, "the bank is no larger than that takes: %g apart",
           least_apart(&m));
    const size_t last = N - old - 1;
    const double alone = patchcore_fit_left_out(fit, &m, last, &distance);
    double want = INFINITY; /* of the last one to all of the bank but itself */
    for (size_t k = 0; k < m.n; k++)
        if (memcmp(m.bank + k * dims, x + (N - 1) * dims, dims * sizeof *x) != 0)
            want = fmin(want, sqrt((double)distance_squared(x + (N - 1) * dims, m.bank + k * dims, dims)));
    ok(fabs(alone - want) < 1e-6 * want, "a new image is left out of the bank, an old one never");
    patchcore_fit_free(fit);
    patchcore_free(&m);
    free(x);
}

/* More vectors than are copied at a time, of channels that fill no whole lanes: what is saved is read, as it was or rounded. */
static void saved(bool half)
{
    enum { N = 5000 };
    const size_t dims = distance_padded(5);
    float *x = points(N, dims);
    const struct patchcore_plan plan = {.ratio = 1, .half = half};
    struct patchcore m = {.neighbours = 1}, back = {0};
    struct safetensors file = {0};
    struct patchcore_fit *fit = fit_of(x, N, dims, PATCHCORE_PRODUCTS);
    patchcore_fit_bank(fit, &m, &plan);
    if (half)
        patchcore_round(x, N * dims);
    ok(m.n == N && memcmp(m.bank, x, N * dims * sizeof *x) == 0, "the whole is its bank");
    patchcore_save(&file, &m, half);
    ok(safetensors_find(&file, "bank")->type == (half ? DT_F16 : DT_F32), "is saved");
    patchcore_read(&back, &file, "file");
    ok(back.n == N && back.channels == 5 && memcmp(back.bank, x, N * dims * sizeof *x) == 0, "and read");
    safetensors_free(&file);
    patchcore_free(&back);
    patchcore_free(&m);
    patchcore_fit_free(fit);
    free(x);
}

int main(void)
{
    pool_start(2);
    saved(false);
    saved(true);
    start_with_ten();
    growing(PATCHCORE_START_ONE, 0, 150, .1, 0);
    growing(PATCHCORE_START_ONE, 0, 150, .1, 30);
    growing(PATCHCORE_START_ONE, 0, 299, .1, 50);
    growing(PATCHCORE_START_TEN, 0, 150, .2, 1);
    growing(PATCHCORE_START_TEN, 0, 150, .01, 1);
    growing(PATCHCORE_START_ONE, 3, 150, .1, 30);
    left_out(120, 1, 50);
    left_out(120, 80.5 * 120 * (double)distance_padded(5), 80);
    left_out(120, PATCHCORE_PRODUCTS, 120);
    left_out(7, 1, 7);
    return done();
}
