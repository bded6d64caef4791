/* search/regions: the order is one of all vectors, boxes hold their panel's, and are as far as they are said to be, on every kind of CPU;
 * of vectors that lie along a curve nearly all panels are passed over. */
#include "search/regions.h"
#include "base/mem.h"
#include "base/rng.h"
#include "num/cpu.h"
#include "num/distance.h"
#include "search/regions_kernel.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIMS = 48, N = 1000, PANELS = (N + SKETCH_PANEL - 1) / SKETCH_PANEL };

static float bank[N * DIMS], query[REGION_QUERIES * DIMS];

/* Points of a curve, in no order, with a little noise. */
static void draw(float *x, size_t n, uint64_t seed)
{
    struct rng r = rng_new(seed, 0);
    for (size_t i = 0; i < n; i++) {
        const double at = rng_uniform(&r) * 6;
        for (size_t k = 0; k < DIMS; k++)
            x[i * DIMS + k] =
                (float)(10 * sin(at * (double)(1 + k % 5) / 3 + (double)k) + .1 * rng_normal(&r));
    }
}

static void order_of_all(const uint32_t *order)
{
    bool seen[N] = {false}, all = true;
    for (size_t i = 0; i < N; i++) {
        all &= order[i] < N && !seen[order[i]];
        seen[order[i] % N] = true;
    }
    ok(all, "each vector has one place");
}

static void holds(const struct regions *r, const struct sketches *s, const uint32_t *order)
{
    bool inside = true, touches = true;
    for (size_t panel = 0; panel < PANELS; panel++)
        for (size_t k = 0; k < SKETCH_DIMS; k++) {
            float low = INFINITY, high = -INFINITY, x[SKETCH_DIMS];
            for (size_t i = panel * SKETCH_PANEL; i < N && i < (panel + 1) * SKETCH_PANEL; i++) {
                sketch_numbers(x, s, order[i]);
                low = fminf(low, x[k]);
                high = fmaxf(high, x[k]);
            }
            inside &= r->low[panel * SKETCH_DIMS + k] <= low && r->high[panel * SKETCH_DIMS + k] >= high;
            touches &= r->low[panel * SKETCH_DIMS + k] == low && r->high[panel * SKETCH_DIMS + k] == high;
        }
    ok(r->n == PANELS && inside, "boxes hold the sketches of their panels");
    ok(touches, "and no more");
}

/* In f64, from the definition. */
static double distance(const struct regions *r, size_t box, const float x[SKETCH_DIMS])
{
    double sum = 0;
    for (size_t k = 0; k < SKETCH_DIMS; k++) {
        const double low = (double)r->low[box * SKETCH_DIMS + k],
                     high = (double)r->high[box * SKETCH_DIMS + k];
        sum += pow(fmax(fmax(low - (double)x[k], (double)x[k] - high), 0), 2);
    }
    return sum;
}

static void distances(const struct regions *r, const struct sketches *q, const float *side_by_side)
{
    const struct regions_kernels *const kind[] = {&regions_plain, CPU_X86(regions_avx2),
                                                  CPU_X86(regions_avx512)};
    float squared[REGION_QUERIES], x[SKETCH_DIMS];
    for (int level = CPU_PLAIN; level <= CPU_AVX512 && level <= (int)cpu_level(); level++) {
        double worst = 0;
        size_t within = 0;
        for (size_t box = 0; box < r->n; box++) {
            kind[level]->distance(squared, r->low + box * SKETCH_DIMS, r->high + box * SKETCH_DIMS,
                                  side_by_side);
            for (size_t i = 0; i < REGION_QUERIES; i++) {
                sketch_numbers(x, q, i);
                const double exact = distance(r, box, x);
                worst = worse(worst, fabs((double)squared[i] - exact) / (exact + 1e-30));
                within += exact == 0;
            }
        }
        ok(worst < 1e-5, "distances to boxes by the %s kernel", cpu_level_name((enum cpu_level)level));
        ok(within > 0, "0 within one");
    }
}

/* How many panels of a query's are nearer than its nearest vector. */
static void passed_over(const struct regions *r, const float *side_by_side, double step)
{
    float squared[REGION_QUERIES];
    size_t near = 0;
    double nearest[REGION_QUERIES];
    for (size_t q = 0; q < REGION_QUERIES; q++) {
        nearest[q] = INFINITY;
        for (size_t i = 0; i < N; i++) {
            double d = 0;
            for (size_t k = 0; k < DIMS; k++)
                d += pow((double)(query[q * DIMS + k] - bank[i * DIMS + k]), 2);
            nearest[q] = fmin(nearest[q], d);
        }
    }
    for (size_t box = 0; box < r->n; box++) {
        regions_distance(squared, r, box, side_by_side);
        for (size_t q = 0; q < REGION_QUERIES; q++)
            near += (double)squared[q] * step * step <= nearest[q];
    }
    ok(near < 3 * REGION_QUERIES && near >= REGION_QUERIES, "of %d panels a query sees %.2f", PANELS,
       (double)near / REGION_QUERIES);
}

/* A vector as far as the nearest known is within reach of a query, and so is its sketch. */
static void reach(const struct sketches *q, const struct sketches *s)
{
    struct sketch_panels panels = sketch_panels_new(N);
    float x[SKETCH_DIMS], y[SKETCH_DIMS];
    bool within = true, tight = true;
    for (size_t i = 0; i < N; i++)
        sketch_panels_put(&panels, i, s, i);
    for (size_t i = 0; i < REGION_QUERIES; i++)
        for (size_t j = 0; j < N; j++) {
            const float squared = distance_squared(query + i * DIMS, bank + j * DIMS, DIMS);
            const double most = (double)sketch_reach(q, i, &panels, squared, DIMS);
            double d = 0;
            sketch_numbers(x, q, i);
            sketch_numbers(y, s, j);
            for (size_t k = 0; k < SKETCH_DIMS; k++)
                d += pow((double)x[k] - (double)y[k], 2);
            within &= d * (1 + 1e-5) <= most;
            tight &= q->step * sqrt(most) <=
                     sqrt((double)squared) * 1.001 + 2 * ((double)q->error[i] + panels.error);
        }
    ok(within, "sketches of vectors within reach are within reach");
    ok(tight, "which is hardly larger than the distance");
    sketch_panels_free(&panels);
}

int main(void)
{
    draw(bank, N, 1);
    draw(query, REGION_QUERIES, 2);
    memcpy(query, bank, DIMS * sizeof *query);
    struct sketch_space *space = sketch_space_new(bank, N, DIMS);
    struct sketches s = sketches_new(N, space), q = sketches_new(REGION_QUERIES, space);
    sketches_draw(&s, 0, space, bank, N);
    sketches_draw(&q, 0, space, query, REGION_QUERIES);
    uint32_t *order = regions_order(&s);
    struct regions r = regions_new(&s, order);
    float side_by_side[SKETCH_DIMS * REGION_QUERIES], x[SKETCH_DIMS];
    for (size_t i = 0; i < REGION_QUERIES; i++) {
        sketch_numbers(x, &q, i);
        for (size_t k = 0; k < SKETCH_DIMS; k++)
            side_by_side[k * REGION_QUERIES + i] = x[k];
    }
    order_of_all(order);
    holds(&r, &s, order);
    distances(&r, &q, side_by_side);
    passed_over(&r, side_by_side, s.step);
    reach(&q, &s);
    regions_free(&r);
    free(order);
    sketches_free(&s);
    sketches_free(&q);
    sketch_space_free(space);
    return done();
}
