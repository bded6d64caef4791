#include "search/regions.h"
#include "base/mem.h"
#include "base/size.h"
#include "num/cpu.h"
#include "search/regions_kernel.h"
#include <math.h>
#include <stdlib.h>

struct item {
    float at;
    uint32_t vector;
};

static int ascending(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x->vector > y->vector) - (x->vector < y->vector);
}

/* The dimension along which n vectors spread most. */
static size_t widest(const struct sketches *s, const struct item *item, size_t n)
{
    double sum[SKETCH_DIMS] = {0}, squares[SKETCH_DIMS] = {0}, most = -1;
    float x[SKETCH_DIMS];
    size_t best = 0;
    for (size_t i = 0; i < n; i++) {
        sketch_numbers(x, s, item[i].vector);
        for (size_t k = 0; k < SKETCH_DIMS; k++) {
            sum[k] += (double)x[k];
            squares[k] += (double)x[k] * (double)x[k];
        }
    }
    for (size_t k = 0; k < SKETCH_DIMS; k++) {
        const double spread = squares[k] - sum[k] / (double)n * sum[k];
        if (spread > most) {
            most = spread;
            best = k;
        }
    }
    return best;
}

/* Halves, of whole panels, until one is left. */
static void cut(const struct sketches *s, struct item *item, size_t n)
{
    const size_t panels = size_parts(n, SKETCH_PANEL);
    if (panels <= 1)
        return;
    const size_t k = widest(s, item, n), half = panels / 2 * SKETCH_PANEL;
    float x[SKETCH_DIMS];
    for (size_t i = 0; i < n; i++) {
        sketch_numbers(x, s, item[i].vector);
        item[i].at = x[k];
    }
    qsort(item, n, sizeof *item, ascending);
    cut(s, item, half);
    cut(s, item + half, n - half);
}

uint32_t *regions_order(const struct sketches *s)
{
    struct item *item = xmalloc(s->n, sizeof *item);
    uint32_t *order = xmalloc(s->n, sizeof *order);
    for (size_t i = 0; i < s->n; i++)
        item[i] = (struct item){0, (uint32_t)i};
    cut(s, item, s->n);
    for (size_t i = 0; i < s->n; i++)
        order[i] = item[i].vector;
    free(item);
    return order;
}

struct regions regions_new(const struct sketches *s, const uint32_t *order)
{
    struct regions r = {.n = size_parts(s->n, SKETCH_PANEL)};
    float x[SKETCH_DIMS];
    r.low = xaligned(r.n * SKETCH_DIMS, sizeof *r.low);
    r.high = xaligned(r.n * SKETCH_DIMS, sizeof *r.high);
    for (size_t i = 0; i < s->n; i++) {
        float *low = r.low + i / SKETCH_PANEL * SKETCH_DIMS, *high = r.high + i / SKETCH_PANEL * SKETCH_DIMS;
        sketch_numbers(x, s, order[i]);
        for (size_t k = 0; k < SKETCH_DIMS; k++) {
            low[k] = i % SKETCH_PANEL ? fminf(low[k], x[k]) : x[k];
            high[k] = i % SKETCH_PANEL ? fmaxf(high[k], x[k]) : x[k];
        }
    }
    return r;
}

size_t regions_bytes(size_t vectors)
{
    return vectors * (sizeof(struct item) + sizeof(uint32_t)) +
           size_parts(vectors, SKETCH_PANEL) * 2 * SKETCH_DIMS * sizeof(float);
}

void regions_free(struct regions *r)
{
    free(r->low);
    free(r->high);
    *r = (struct regions){0};
}

/* Within the box along one dimension, nothing is added for it. */
static void plain(float squared[REGION_QUERIES], const float *low, const float *high, const float *query)
{
    for (size_t q = 0; q < REGION_QUERIES; q++)
        squared[q] = 0;
    for (size_t k = 0; k < SKETCH_DIMS; k++)
        for (size_t q = 0; q < REGION_QUERIES; q++) {
            const float x = query[k * REGION_QUERIES + q], out = fmaxf(fmaxf(low[k] - x, x - high[k]), 0);
            squared[q] += out * out;
        }
}

const struct regions_kernels regions_plain = {plain};

void regions_distance(float squared[REGION_QUERIES], const struct regions *r, size_t box, const float *query)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &regions_plain,
                                                     [CPU_AVX2] = CPU_X86(regions_avx2),
                                                     [CPU_AVX512] = CPU_X86(regions_avx512)};
    const struct regions_kernels *kernels = cpu_choose(by_level);
    kernels->distance(squared, r->low + box * SKETCH_DIMS, r->high + box * SKETCH_DIMS, query);
}
