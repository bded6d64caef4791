/* search/coreset and search/projection: cases by hand, the plain loop, shapes of the random matrices. */
#include "search/coreset.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "search/projection.h"
#include "search/sketch.h"
#include "num/cpu.h"
#include "num/distance.h"
#include "search/near.h"
#include "search/near_kernel.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

typedef size_t selector(size_t *, size_t, size_t, float *, const float *, size_t, size_t);

/* Points on a line, from start 0; the selection as text. */
static const char *line(selector *select, size_t n, const float *at, size_t wanted)
{
    static char text[200];
    size_t chosen[16] = {0}, used = 0;
    float x[16 * DISTANCE_LANES] = {0}, bound[16];
    for (size_t i = 0; i < n; i++) {
        x[i * DISTANCE_LANES] = at[i];
        bound[i] = INFINITY;
    }
    size_t have = select(chosen, 1, wanted, bound, x, n, DISTANCE_LANES);
    text[0] = 0;
    for (size_t i = 0; i < have; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%zu", i ? " " : "", chosen[i]);
    return text;
}

static void by_hand(selector *select, const char *which)
{
    const char *got = line(select, 4, (const float[]){0, 1, 2, 10}, 4);
    ok(strcmp(got, "0 3 2 1") == 0, "%s: {0,1,2,10} from 0: 10, 2, 1 (%s)", which, got);
    got = line(select, 5, (const float[]){0, -3, 3, 3, -3}, 5);
    ok(strcmp(got, "0 1 2") == 0, "%s: ties go to the lower index; equal vectors end it (%s)", which, got);
    got = line(select, 3, (const float[]){5, 5, 5}, 3);
    ok(strcmp(got, "0") == 0, "%s: all equal (%s)", which, got);
}

/* Of low rank and some noise; around the origin where n is odd, far from it where even. */
static float *vectors(size_t n, size_t dims, size_t rank, uint64_t seed)
{
    struct rng r = rng_new(seed, 0);
    float *x = xaligned(n * dims, sizeof *x), *basis = xaligned(rank * dims, sizeof *basis);
    for (size_t i = 0; i < rank * dims; i++)
        basis[i] = (float)rng_normal(&r);
    for (size_t i = 0; i < n; i++) {
        float *v = x + i * dims;
        if (i && rng_below(&r, 8) == 0) { /* duplicates: ties */
            memcpy(v, x + rng_below(&r, i) * dims, dims * sizeof *x);
            continue;
        }
        for (size_t k = 0; k < dims; k++)
            v[k] = (n % 2 ? 0 : 100) + (float)(rng_normal(&r) * 0.05);
        for (size_t b = 0; b < rank; b++) {
            const float c = (float)rng_normal(&r) / (float)(b + 1);
            for (size_t k = 0; k < dims; k++)
                v[k] += c * basis[b * dims + k];
        }
    }
    free(basis);
    return x;
}

static void as_plain_loop(size_t n, size_t dims, size_t wanted, size_t have)
{
    float *x = vectors(n, dims, 6, n), *a = xmalloc(n, sizeof *a), *b = xmalloc(n, sizeof *b);
    size_t *i = xcalloc(wanted, sizeof *i), *j = xcalloc(wanted, sizeof *j);
    for (size_t k = 0; k < n; k++)
        a[k] = b[k] = have ? INFINITY : (float)(k * 37 % 101); /* without a start: bounds that say little */
    for (size_t k = 0; k < have; k++)
        i[k] = j[k] = (k * 97 + 5) % n;
    const size_t got = coreset_greedy(i, have, wanted, a, x, n, dims);
    const size_t want = coreset_greedy_naive(j, have, wanted, b, x, n, dims);
    ok(got == want && !memcmp(i, j, got * sizeof *i),
       "%zu of %zu x %zu, %zu to begin with: the plain loop's %zu", got, n, dims, have, want);
    free(x), free(a), free(b), free(i), free(j);
}

static float naive_radius(const size_t *chosen, size_t count, const float *x, size_t n, size_t dims)
{
    float radius = 0;
    for (size_t i = 0; i < n; i++) {
        float nearest = INFINITY;
        for (size_t k = 0; k < count; k++)
            nearest = fminf(nearest, distance_squared(x + i * dims, x + chosen[k] * dims, dims));
        radius = fmaxf(radius, nearest);
    }
    return radius;
}

/* Covering: the greedy selection, cut as soon as all are near; at least so many. */
static void covering(size_t n, size_t dims, size_t have)
{
    enum { MOST = 400, LEAST = 300 };
    float *x = vectors(n, dims, 6, n + 1), *bound = xmalloc(n, sizeof *bound), radius = 0;
    size_t all[MOST], chosen[MOST];
    for (size_t k = 0; k < have; k++)
        all[k] = chosen[k] = k;
    for (size_t i = 0; i < n; i++)
        bound[i] = INFINITY;
    coreset_cover(all, have, MOST, MOST, bound, x, n, dims, &radius);
    const float whole = radius, wanted = naive_radius(all, 200, x, n, dims);
    for (size_t least = 0; least <= LEAST; least += LEAST) {
        for (size_t i = 0; i < n; i++)
            bound[i] = INFINITY;
        radius = wanted;
        const size_t count = coreset_cover(chosen, have, least, MOST, bound, x, n, dims, &radius);
        const size_t want = least ? LEAST : 200;
        ok(count <= want && count >= want - 1 + (least > 0) && !memcmp(chosen, all, count * sizeof *all),
           "%zu x %zu, %zu to begin with: %zu cover what 200 do, at least %zu", n, dims, have, count, least);
        ok(radius <= wanted && radius == naive_radius(chosen, count, x, n, dims),
           "and how far they reach is told");
    }
    ok(whole == naive_radius(all, MOST, x, n, dims), "so it is of a selection by number");
    free(x);
    free(bound);
}

/* Every pair, asked at distances around its own: a centre that is left out must be farther. */
static void sketches(size_t n, size_t dims, size_t rank)
{
    enum { CENTRES = 150 };
    float *x = vectors(n, dims, rank, 11);
    int32_t value[SKETCH_PANEL];
    struct sketch_space *space = sketch_space_new(x, n, dims);
    struct sketches s = sketches_new(n, space);
    struct sketch_panels p = sketch_panels_new(CENTRES);
    size_t wrong = 0, kept = 0, asked = 0, all = 0;
    sketches_draw_all(&s, space, x);
    for (size_t c = 0; c < CENTRES; c++)
        sketch_panels_put(&p, c, &s, c * 5);
    for (uint32_t i = 0; i < n; i++) {
        const float nearest = distance_squared(x + i * dims, x + i * 31 % 749 / 5 * 5 * dims, dims);
        const int32_t limit = sketch_limit(&s, i, &p, nearest, dims),
                      whole = sketch_limit(&s, i, &p, INFINITY, dims);
        for (size_t panel = 0; panel < p.panels; panel++) {
            uint64_t mask;
            sketch_compare(&mask, value, &limit, &s, &i, 1, &p, p.offset, panel);
            for (size_t j = 0; j < SKETCH_PANEL; j++) {
                const size_t c = panel * SKETCH_PANEL + j;
                const bool near = mask >> j & 1;
                if (c >= CENTRES) {
                    wrong += near;
                    continue;
                }
                asked++;
                kept += near;
                wrong += !near && distance_squared(x + i * dims, x + c * 5 * dims, dims) <= nearest;
            }
            sketch_compare(&mask, value, &whole, &s, &i, 1, &p, p.offset, panel);
            all += (size_t)__builtin_popcountll(mask);
        }
    }
    ok(wrong == 0 && kept < asked, "%s: sketches of %zu dimensions, rank %zu: none wrong, %zu of %zu left",
       cpu_level_name(cpu_level()), dims, rank, kept, asked);
    ok(all == n * CENTRES, "at an infinite distance: all that are there");
    sketch_panels_free(&p);
    sketches_free(&s);
    sketch_space_free(space);
    free(x);
}

/* The largest numbers that sketches have, against 64 bits; rows of every remainder of a block. */
static void filters(void)
{
    const struct near_kernels *const kind[] = {&near_plain, CPU_X86(near_avx2), CPU_X86(near_avx512)};
    enum { LARGEST = 4096, MOST = 4095 }; /* SKETCH_DIMS of 4096 are SKETCH_LONGEST long */
    static int16_t numbers[SKETCH_ROWS][SKETCH_DIMS], panel[SKETCH_PANEL * SKETCH_DIMS];
    static int32_t value[SKETCH_ROWS * SKETCH_PANEL], offset[SKETCH_PANEL], limit[SKETCH_ROWS];
    uint64_t mask[SKETCH_ROWS];
    const int16_t *row[SKETCH_ROWS];
    struct rng rng = rng_new(3, 0);
    for (size_t j = 0; j < SKETCH_PANEL; j++)
        offset[j] = j % 7 == 3 ? SKETCH_NONE : (int32_t)rng_below(&rng, 1 << 28);
    for (size_t i = 0; i < SKETCH_PANEL * SKETCH_DIMS; i++)
        panel[i] = (int16_t)((int)rng_below(&rng, 2 * LARGEST - 1) - MOST);
    for (size_t r = 0; r < SKETCH_ROWS; r++) {
        row[r] = numbers[r];
        limit[r] = r == 1 ? SKETCH_ALL : (int32_t)rng_below(&rng, 1 << 28);
        for (size_t k = 0; k < SKETCH_DIMS; k++)
            numbers[r][k] = (int16_t)((int)rng_below(&rng, 2 * LARGEST - 1) - MOST);
    }
    memset(numbers[0], 0, sizeof numbers[0]);
    for (size_t k = 0; k < SKETCH_DIMS; k++) { /* as far as two can be, on both sides */
        numbers[2][k] = panel[sketch_place(k, 10)] = MOST;
        numbers[3][k] = panel[sketch_place(k, 3)] = -MOST;
    }
    for (int level = CPU_PLAIN; level <= CPU_AVX512 && level <= (int)cpu_level(); level++)
        for (size_t rows = 1; rows <= SKETCH_ROWS; rows += rows < 8 ? 1 : 8) {
            bool right = true;
            kind[level]->panel(mask, value, row, limit, rows, panel, offset);
            for (size_t r = 0; r < rows; r++)
                for (size_t j = 0; j < SKETCH_PANEL; j++) {
                    int64_t want = offset[j];
                    for (size_t k = 0; k < SKETCH_DIMS; k++)
                        want -= (int64_t)row[r][k] * panel[sketch_place(k, j)];
                    right &= value[r * SKETCH_PANEL + j] == want && (mask[r] >> j & 1) == (want <= limit[r]);
                    right &= offset[j] != SKETCH_NONE || !(mask[r] >> j & 1);
                }
            ok(right, "%zu rows filtered by the %s kernel", rows, cpu_level_name((enum cpu_level)level));
        }
}

/* Queries far beyond what the step was made for lose the filter, not the result; so do banks of one point. */
static void far_away(void)
{
    enum { N = 300, DIMS = 32 };
    float *x = vectors(N, DIMS, 4, 5), *y = xmalloc((size_t)2 * DIMS, sizeof *y);
    struct sketch_space *space = sketch_space_new(x, N, DIMS);
    struct sketches s = sketches_new(2, space);
    for (size_t k = 0; k < DIMS; k++) {
        y[k] = x[k];
        y[DIMS + k] = (k % 2 ? 1e6f : -1e6f) + x[k];
    }
    sketches_draw(&s, 0, space, y, 2);
    float near[SKETCH_DIMS], far[SKETCH_DIMS];
    double length = 0;
    sketch_numbers(near, &s, 0);
    sketch_numbers(far, &s, 1);
    for (size_t k = 0; k < SKETCH_DIMS; k++)
        length += pow((double)far[k], 2);
    ok(length == s.square[1] && length <= pow(SKETCH_LONGEST, 2) && length > pow(SKETCH_LONGEST - 8, 2),
       "a vector far away is pulled to the longest that there is");
    ok(s.error[1] > 1e6f && s.error[0] < 3 * (float)s.step, "its error says so");
    sketches_free(&s);
    sketch_space_free(space);
    free(x);
    free(y);
}

static void projections(void)
{
    ok(projection_dims(200000) == 301 && projection_dims(400000) == 318 && projection_dims(920000) == 339,
       "Anomalib's dimensions");
    for (int kind = PROJECTION_GAUSSIAN; kind <= PROJECTION_UNIFORM; kind++) {
        enum { FROM = 400, TO = 300 };
        struct projection p = projection_new((enum projection_kind)kind, FROM, TO, 1);
        double sum = 0, squares = 0, zeros = 0, most = 0;
        for (size_t i = 0; i < FROM * TO; i++) {
            sum += (double)p.matrix[i];
            squares += pow((double)p.matrix[i], 2);
            zeros += p.matrix[i] == 0;
            most = worse(most, fabs((double)p.matrix[i]));
        }
        /* variance: 1/to, 1/to, and (2/20)^2/12 of +-1/sqrt(400) */
        const double variance = kind == PROJECTION_UNIFORM ? 1 / 1200.0 : 1.0 / TO;
        ok_close(sum / FROM / TO / sqrt(variance), 0, 0.02, "mean 0");
        ok_close(squares / FROM / TO / variance, 1, 0.05, "variance");
        if (kind == PROJECTION_SPARSE)
            ok_close(zeros / FROM / TO, 0.95, 0.005, "one in 20 is not zero");
        if (kind == PROJECTION_UNIFORM)
            ok(most <= 0.05 && most > 0.0499, "within +-1/sqrt(from)");
        projection_free(&p);
    }
    struct projection p = projection_new(PROJECTION_GAUSSIAN, 32, 5, 3);
    float *x = vectors(300, 32, 3, 4), out[300 * 16], one[16];
    projection_apply(&p, out, 16, x, 32, 300);
    double worst = 0;
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < 16; k++) {
            double want = 0;
            for (size_t j = 0; k < 5 && j < 32; j++)
                want += (double)p.matrix[k * 32 + j] * (double)x[i * 32 + j];
            worst = worse(worst, fabs((double)out[i * 16 + k] - want) / 100);
        }
    ok_close(worst, 0, 1e-5, "the projection is the product, zeros behind");
    projection_apply(&p, one, 16, x + 299 * 32, 32, 1);
    ok(memcmp(one, out + 299 * 16, sizeof one) == 0, "of any row alone");
    projection_free(&p);
    free(x);
}

int main(void)
{
    pool_start(2);
    by_hand(coreset_greedy_naive, "plain");
    by_hand(coreset_greedy, "lazy");
    as_plain_loop(3000, 128, 300, 1);
    as_plain_loop(3001, 128, 700, 1);
    as_plain_loop(3000, 16, 300, 0);
    as_plain_loop(997, 48, 997, 1);
    as_plain_loop(500, 400, 100, 10);
    covering(3000, 128, 1);
    covering(997, 48, 50);
    filters();
    far_away();
    for (enum cpu_level best = cpu_level(), level = CPU_PLAIN; level <= best; level++) {
        cpu_pretend(level);
        sketches(751, 128, 6);
        sketches(800, 16, 3);
        sketches(753, 400, 40);
    }
    sketches(9001, 16, 3); /* more than are drawn in a step */
    projections();
    return done();
}
