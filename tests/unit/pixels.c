/* metric/pixels in little memory: what waits on a spool gives the same bits as what does not. */
#include "metric/pixels.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 300, LARGE_AREA = LARGE * LARGE, LARGE_IMAGES = 50 };

/* Figures and curves of three rows, by so much memory. Scores have ties where levels is not 0. */
struct large {
    struct pixel_row row[3];
    struct curve curve[3];
    size_t runs;
};

static struct large measure_large(size_t memory, size_t levels)
{
    static float map[LARGE_AREA];
    static unsigned char mask[LARGE_AREA];
    struct pixels p = {.memory = memory};
    struct rng r = rng_new(9, 0);
    struct large l = {.row = {{.kind = 1}, {.kind = 2}, {.kind = KIND_ALL}}};
    struct err e;
    size_t regions;
    for (size_t k = 0; k < LARGE_IMAGES; k++) {
        const uint32_t kind = (uint32_t)(k % 3);
        for (size_t i = 0; i < LARGE_AREA; i++) {
            mask[i] = kind && i / LARGE / 20 % 3 == 1 && i % LARGE / (10 * kind) % 4 == k % 4;
            const double x = rng_uniform(&r) + (mask[i] ? .2 : 0) - .5;
            map[i] = (float)(levels ? floor(x * (double)levels) / (double)levels : x);
        }
        pixels_add(&p, map, mask, LARGE, LARGE, kind, &regions, &e);
    }
    pixels_sort(&p);
    for (size_t i = 0; i < 3; i++) {
        l.curve[i] = curve_new(200);
        l.row[i].curve = &l.curve[i];
    }
    pixels_measure(&p, l.row, 3, .3);
    l.runs = p.runs;
    pixels_free(&p);
    return l;
}

static bool same_ranking(const struct ranking *a, const struct ranking *b)
{
    return a->positives == b->positives && a->negatives == b->negatives && a->wins2 == b->wins2 &&
           a->ap_sum == b->ap_sum && a->f1 == b->f1 && a->f1_threshold == b->f1_threshold;
}

static bool same_large(struct large *a, struct large *b)
{
    bool same = true;
    for (size_t i = 0; i < 3; i++) {
        const struct pixel_metrics *x = &a->row[i].metrics, *y = &b->row[i].metrics;
        same &= same_ranking(&x->ranking, &y->ranking) && x->aupro == y->aupro && x->regions == y->regions;
        same &= a->curve[i].n > 10 && a->curve[i].n == b->curve[i].n &&
                memcmp(a->curve[i].point, b->curve[i].point, a->curve[i].n * sizeof *a->curve[i].point) == 0;
    }
    return same;
}

static void free_large(struct large *l)
{
    for (size_t i = 0; i < 3; i++)
        curve_free(&l->curve[i]);
}

static size_t resident(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*u %lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* 4,500,000 pixels are 138 runs of 1 MB of memory, more than are read together. */
static void little_memory(void)
{
    struct large all = measure_large(0, 50), less = measure_large((size_t)20 << 20, 50);
    ok(all.runs == 0 && less.runs > 2 && less.runs < 10 && same_large(&all, &less),
       "ties: the same bits in %zu runs as in memory", less.runs);
    free_large(&less);
    mem_limit(resident() + ((size_t)24 << 20));
    less = measure_large(0, 50);
    mem_limit(0);
    ok(less.runs > 1 && same_large(&all, &less), "and in %zu where the machine has little left", less.runs);
    free_large(&all);
    free_large(&less);
    all = measure_large(0, 0);
    less = measure_large(PIXELS_MEMORY_LEAST, 0);
    ok(less.runs == 2 && same_large(&all, &less), "no ties, and so many runs that they are merged to %zu",
       less.runs);
    free_large(&all);
    free_large(&less);
}

int main(void)
{
    pool_start(2);
    little_memory();
    return done();
}
