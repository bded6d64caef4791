/* patchcore/merge: that the bank of several covers all their patches as its bound says, against brute force. */
#include "patchcore/merge.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "num/distance.h"
#include "patchcore/spread.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { N = 300, CHANNELS = 5, PARTS = 3 };
static const size_t first[PARTS + 1] = {0, 60, 180,
                                        N}; /* whose images are whose: they are of one patch each */
static const size_t layer[2] = {2, 3};

/* A stretched cloud, its parts in other places and of other widths, so that each scales in its own way. */
static float *points(size_t dims)
{
    struct rng r = rng_new(3, 1);
    float *x = xcalloc(N * dims, sizeof *x);
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < CHANNELS; c++)
            x[i * dims + c] =
                (float)(rng_normal(&r) * (c ? 1 : 3) + (i >= first[1]) + 2 * (c > 2 && i >= first[2]));
    return x;
}

struct setup {
    double ratio, merged; /* of the parts, and then */
    size_t projected;
    bool scaled;
};

static struct detector_part part_of(struct patchcore *m, const struct setup *s, const float *x, size_t n)
{
    const size_t dims = distance_padded(CHANNELS);
    struct detector_part part = {.path = "part", .images = n};
    struct spread spread = spread_new(CHANNELS);
    spread_add(&spread, x, n, dims);
    float *scale =
        s->scaled ? spread_scale(&spread, (struct spread_layer[]){{layer[0], 1}, {layer[1], 1}}, 2) : NULL;
    const struct patchcore_plan plan = {.ratio = s->ratio, .seed = 5, .dims = s->projected, .scale = scale};
    struct patchcore_fit *fit = patchcore_fit_new(1, CHANNELS, 1);
    for (size_t i = 0; i < n; i++)
        patchcore_fit_add(fit, x + i * dims);
    *m = (struct patchcore){.neighbours = 1};
    patchcore_fit_bank(fit, m, &plan);
    patchcore_save(&part.file, m, false);
    note_setf(&part.file.meta, "coverage", "%.9g", m->coverage);
    note_setf(&part.file.meta, "projected", "%zu", m->projected);
    note_setf(&part.file.meta, "positions", "1");
    patchcore_fit_free(fit);
    spread_free(&spread);
    free(scale);
    return part;
}

/* As the selection sees vectors: scaled, projected; free() them. */
static float *seen(const float *x, size_t n, const float *scale, size_t projected)
{
    const size_t dims = distance_padded(CHANNELS);
    float *scaled = xcalloc(n * dims, sizeof *scaled), *out = xcalloc(n * dims, sizeof *out);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < CHANNELS; c++)
            scaled[i * dims + c] = x[i * dims + c] * (scale ? scale[c] : 1);
    memcpy(out, scaled, n * dims * sizeof *out);
    if (projected) {
        struct projection p = projection_new(PROJECTION_GAUSSIAN, CHANNELS, projected, 5);
        projection_apply(&p, out, dims, scaled, dims, n);
        projection_free(&p);
    }
    free(scaled);
    return out;
}

static double nearest(const float *q, const float *bank, size_t n, size_t dims)
{
    double least = INFINITY;
    for (size_t k = 0; k < n; k++)
        least = fmin(least, sqrt((double)distance_squared(q, bank + k * dims, dims)));
    return least;
}

/* How far a vector of x is at most from a bank of scaled vectors, where the selection measures. */
static double radius_of(const struct patchcore *m, const float *x, size_t n, const float *scale)
{
    float *bank = seen(m->bank, m->n, NULL, m->projected), *vector = seen(x, n, scale, m->projected);
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, nearest(vector + i * m->dims, bank, m->n, m->dims));
    free(bank);
    free(vector);
    return most;
}

struct merged {
    struct patchcore m, part[PARTS], exact; /* the parts, and a fit to all at once */
    struct detector_part file[PARTS];
};

static struct merged merge(const struct setup *s, const float *x)
{
    struct merged g = {0};
    const struct setup exact = {s->merged, 0, s->projected, s->scaled};
    const struct patchcore_plan plan = {.ratio = s->merged, .seed = 5, .dims = s->projected};
    for (size_t i = 0; i < PARTS; i++)
        g.file[i] = part_of(&g.part[i], s, x + first[i] * distance_padded(CHANNELS), first[i + 1] - first[i]);
    patchcore_merge(&g.m, g.file, PARTS, &plan);
    struct detector_part all = part_of(&g.exact, &exact, x, N);
    safetensors_free(&all.file);
    return g;
}

static void free_merged(struct merged *g)
{
    patchcore_free(&g->m);
    patchcore_free(&g->exact);
    for (size_t i = 0; i < PARTS; i++) {
        patchcore_free(&g->part[i]);
        safetensors_free(&g->file[i].file);
    }
}

/* max f_i r_i + r, all measured by brute force. */
static double bound_of(const struct merged *g, const float *x)
{
    double most = 0, farthest = 0;
    for (size_t i = 0; i < PARTS; i++) {
        const struct patchcore *p = &g->part[i];
        double stretch = p->scale ? 0 : 1;
        float *back = xcalloc(p->n * p->dims, sizeof *back); /* into the merged scale */
        for (size_t c = 0; c < CHANNELS; c++) {
            const double by = p->scale ? (double)g->m.scale[c] / (double)p->scale[c] : 1;
            stretch = fmax(stretch, by);
            for (size_t k = 0; k < p->n; k++)
                back[k * p->dims + c] = (float)(p->bank[k * p->dims + c] * by);
        }
        most = fmax(most, stretch * radius_of(p, x + first[i] * p->dims, first[i + 1] - first[i], p->scale));
        farthest = fmax(farthest, radius_of(&g->m, back, p->n, NULL));
        free(back);
    }
    return most + farthest;
}

static void covers(const char *name, const struct setup *s, size_t count)
{
    float *x = points(distance_padded(CHANNELS));
    struct merged g = merge(s, x);
    const double radius = radius_of(&g.m, x, N, g.m.scale), bound = bound_of(&g, x);
    ok(g.m.n == count, "%s: %zu vectors of %zu, %zu, %zu", name, g.m.n, g.part[0].n, g.part[1].n,
       g.part[2].n);
    ok(fabs(g.m.coverage - bound) < 1e-5, "%s: coverage %g is the bound, %g", name, g.m.coverage, bound);
    ok(radius <= bound + 1e-5 && radius > 0.3 * bound, "%s: no patch is farther: %g", name, radius);
    free_merged(&g);
    free(x);
}

/* Each part has as many vectors as the whole. */
static void within_four(void)
{
    const struct setup s = {.ratio = .5, .merged = .1};
    float *x = points(distance_padded(CHANNELS));
    struct merged g = merge(&s, x);
    ok(g.part[0].n >= g.m.n && g.m.coverage <= 4 * g.exact.coverage && g.m.coverage >= g.exact.coverage / 2,
       "parts as large as the whole: a coverage of %g, at most four times the exact %g", g.m.coverage,
       g.exact.coverage);
    size_t wrong = 0;
    for (size_t i = 0; i < N; i++) { /* queries anywhere */
        float q[16] = {0};
        for (size_t c = 0; c < CHANNELS; c++)
            q[c] = 2 * x[i * g.m.dims + c];
        const double more =
            nearest(q, g.m.bank, g.m.n, g.m.dims) - nearest(q, g.exact.bank, g.exact.n, g.m.dims);
        wrong += more > g.m.coverage + 1e-5 || more < -g.exact.coverage - 1e-5;
    }
    ok(wrong == 0, "a patch scores at most %g more than by the exact bank, and %g less", g.m.coverage,
       g.exact.coverage);
    free_merged(&g);
    free(x);
}

/* 1 / s^2, a layer's part of the variance, is the mean by images; vectors are those of before. */
static void pools_scales(void)
{
    const struct setup s = {.ratio = .1, .merged = 1, .scaled = true};
    float *x = points(distance_padded(CHANNELS));
    struct merged g = merge(&s, x);
    double off = 0, apart = 0;
    for (size_t c = 0; c < CHANNELS; c++) {
        double mean = 0;
        for (size_t i = 0; i < PARTS; i++) {
            const double scale = (double)g.part[i].scale[c];
            mean += (double)(first[i + 1] - first[i]) / N / (scale * scale);
            apart = fmax(apart, fabs(scale / (double)g.m.scale[c] - 1));
        }
        off = fmax(off, fabs((double)g.m.scale[c] * sqrt(mean) - 1));
    }
    ok(off < 1e-6 && apart > .05, "a scale of the mean variances, off by %g; parts' differ by %g", off,
       apart);
    off = 0;
    for (size_t i = 0, at = 0; i < PARTS; at += g.part[i++].n)
        for (size_t k = 0; k < g.part[i].n; k++)
            for (size_t c = 0; c < CHANNELS; c++)
                off = fmax(off, fabs((double)(g.m.bank[(at + k) * g.m.dims + c] / g.m.scale[c] -
                                              g.part[i].bank[k * g.m.dims + c] / g.part[i].scale[c])));
    ok(off < 1e-5, "vectors are those of the parts, in order: off by %g", off);
    free_merged(&g);
    free(x);
}

int main(void)
{
    pool_start(2);
    covers("put together", &(struct setup){.ratio = .1, .merged = .1}, 30);
    covers("chosen", &(struct setup){.ratio = .3, .merged = .1}, 30);
    covers("put together, of unlike scales", &(struct setup){.ratio = .1, .merged = .1, .scaled = true}, 30);
    covers("chosen, of unlike scales", &(struct setup){.ratio = .3, .merged = .1, .scaled = true}, 30);
    covers("put together in a projection", &(struct setup){.ratio = .1, .merged = .1, .projected = 3}, 30);
    covers("chosen in a projection", &(struct setup){.ratio = .3, .merged = .1, .projected = 3}, 30);
    within_four();
    pools_scales();
    return done();
}
