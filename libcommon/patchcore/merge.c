/* From banks to one bank (merge.h):
 *   know     what each part is: its size, coverage and scale; the banks stay in their files
 *   scale    the layers' mean parts of the variance give one scale
 *   gather   every bank is read, scaled anew, and kept, also as the selection sees it: in memory, or where that takes too much
 *            of it on the disk
 *   greedy   k-centre among them
 *   bank     the chosen vectors */
#include "patchcore/merge.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/scratch.h"
#include "method/model.h"
#include "num/distance.h"
#include "search/coreset.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Vectors from one scratch_relax to the next, side by side or anywhere: then each may bring sixteen pages. */
enum { COPIES = 1024, FAR_APART = 64 };

struct part {
    const struct detector_part *file;
    size_t n, channels, projected;
    double positions, coverage;
    float *scale; /* NULL: none */
};

struct merge {
    struct patchcore *m;
    struct part *part;
    size_t n, vectors; /* parts; of all banks */
};

/* Dies where a number of the part is not the first's. */
static void same(const struct merge *g, const struct part *p, const char *what, double here, double first)
{
    if (fabs(here - first) > 0)
        die("%s: %.0f %s, but %s has %.0f: they can't be merged", p->file->path, here, what,
            g->part->file->path, first);
}

/* A part's bank as it is in its file, which then leaves memory again. */
static struct patchcore read_bank(const struct detector_part *file)
{
    struct patchcore m = {0};
    patchcore_read(&m, &file->file, file->path);
    safetensors_forget(&file->file, safetensors_find(&file->file, "bank"));
    return m;
}

static struct part part_of(const struct detector_part *file)
{
    const struct note *meta = &file->file.meta;
    const char *path = file->path;
    struct patchcore m = read_bank(file);
    const struct part p = {.file = file,
                           .n = m.n,
                           .channels = m.channels,
                           .scale = m.scale,
                           .positions = model_number_within(meta, path, "positions", 1, UINT32_MAX),
                           .projected = (size_t)model_number_within(meta, path, "projected", 0, 1 << 16),
                           .coverage = model_number_within(meta, path, "coverage", 0, HUGE_VAL)};
    m.scale = NULL;
    patchcore_free(&m);
    return p;
}

static void know(struct merge *g, const struct detector_part *file)
{
    for (size_t i = 0; i < g->n; i++) {
        struct part *p = &g->part[i];
        *p = part_of(&file[i]);
        same(g, p, "channels", (double)p->channels, (double)g->part->channels);
        same(g, p, "patches an image", p->positions, g->part->positions);
        same(g, p, "dimensions of the projection", (double)p->projected, (double)g->part->projected);
        if (!p->scale != !g->part->scale)
            die("%s: its layers are %s, those of %s are %s: they can't be merged", p->file->path,
                p->scale ? "scaled" : "not scaled", g->part->file->path, p->scale ? "not" : "scaled");
        g->vectors += p->n;
    }
    if (g->vectors >= UINT32_MAX)
        die("more than 2^32 vectors");
    g->m->channels = g->part->channels;
    g->m->dims = distance_padded(g->m->channels);
    g->m->positions = (size_t)g->part->positions;
    g->m->projected = g->part->projected;
}

/* Of channel c: exactly the parts' own where they agree. */
static float pooled(const struct merge *g, size_t c)
{
    double sum = 0, images = 0;
    bool alike = true;
    for (size_t i = 0; i < g->n; i++) {
        const double s = (double)g->part[i].scale[c], weight = (double)g->part[i].file->images;
        sum += weight / (s * s);
        images += weight;
        alike &= memcmp(&g->part[i].scale[c], &g->part->scale[c], sizeof(float)) == 0;
    }
    return alike ? g->part->scale[c] : (float)sqrt(images / sum);
}

static void pool_scales(const struct merge *g)
{
    if (!g->part->scale)
        return;
    g->m->scale = xmalloc(g->m->channels, sizeof *g->m->scale);
    for (size_t c = 0; c < g->m->channels; c++)
        g->m->scale[c] = pooled(g, c);
}

/* The most that the new scale makes of a distance. */
static double stretch(const struct merge *g, const struct part *p)
{
    double most = p->scale ? 0 : 1;
    for (size_t c = 0; p->scale && c < g->m->channels; c++)
        most = fmax(most, (double)g->m->scale[c] / (double)p->scale[c]);
    return most;
}

static double coverage_of(const struct merge *g)
{
    double most = 0;
    for (size_t i = 0; i < g->n; i++)
        most = fmax(most, stretch(g, &g->part[i]) * g->part[i].coverage);
    return most;
}

/* A part's bank by the new scale. */
static struct patchcore bank_of(const struct merge *g, const struct part *p)
{
    struct patchcore m = read_bank(p->file);
    for (size_t i = 0; p->scale && i < m.n; i++) {
        for (size_t c = 0; c < m.channels; c++)
            m.bank[i * m.dims + c] *= g->m->scale[c] / p->scale[c];
        if (i % COPIES == 0)
            scratch_relax();
    }
    return m;
}

/* Behind each other, as they are and, where seen is not them, as the selection sees them. */
static void gather(const struct merge *g, float *all, float *seen, size_t dims, const struct projection *p)
{
    size_t at = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct patchcore m = bank_of(g, &g->part[i]);
        for (size_t from = 0; from < m.n; from += COPIES) {
            const size_t n = m.n - from < COPIES ? m.n - from : COPIES;
            const float *x = m.bank + from * m.dims;
            memcpy(all + (at + from) * m.dims, x, n * m.dims * sizeof *all);
            if (p)
                projection_apply(p, seen + (at + from) * dims, dims, x, m.dims, n);
            scratch_relax();
        }
        at += m.n;
        patchcore_free(&m);
    }
}

/* Among the gathered, seen: g->vectors x dims. Returns how many, and how far any is from them at most. */
static size_t choose(const struct merge *g, size_t *chosen, size_t wanted, const float *seen, size_t dims,
                     double *radius)
{
    float *bound = xaligned(g->vectors, sizeof *bound), squared = 0;
    for (size_t i = 0; i < g->vectors; i++)
        bound[i] = INFINITY;
    chosen[0] = 0;
    const size_t count = coreset_cover(chosen, 1, wanted, wanted, bound, seen, g->vectors, dims, &squared);
    *radius = sqrt((double)squared);
    free(bound);
    return count;
}

static void take(struct patchcore *m, const float *all, const size_t *chosen, size_t count)
{
    scratch_rest();
    struct scratch store = scratch_new(count * m->dims, sizeof *m->bank, "the memory bank");
    for (size_t i = 0; i < count; i++) {
        memcpy((float *)store.data + i * m->dims, all + chosen[i] * m->dims, m->dims * sizeof *all);
        if (i % FAR_APART == 0)
            scratch_relax();
    }
    patchcore_hold(m, store, count);
}

/* As many as a fit to all images would keep. */
static size_t wanted_of(const struct merge *g, double ratio)
{
    double patches = 0;
    for (size_t i = 0; i < g->n; i++)
        patches += (double)g->part[i].file->images * g->part[i].positions;
    const double wanted = fmax(floor(patches * ratio), 1);
    return wanted < (double)g->vectors ? (size_t)wanted : g->vectors;
}

static void put_together(const struct merge *g)
{
    struct patchcore *m = g->m;
    struct scratch store = scratch_new(g->vectors * m->dims, sizeof *m->bank, "the memory bank");
    gather(g, store.data, NULL, 0, NULL);
    patchcore_hold(m, store, g->vectors);
}

static void select_among(const struct merge *g, size_t wanted, const struct patchcore_plan *plan)
{
    struct patchcore *m = g->m;
    const size_t dims = m->projected ? distance_padded(m->projected) : m->dims;
    size_t *chosen = xmalloc(wanted, sizeof *chosen);
    struct scratch all = scratch_new(g->vectors * m->dims, sizeof(float), "the banks"), seen = all;
    double radius;
    if (m->projected) {
        struct projection p = projection_new(plan->projection, m->channels, m->projected, plan->seed);
        seen = scratch_new(g->vectors * dims, sizeof(float), "the projected banks");
        gather(g, all.data, seen.data, dims, &p);
        projection_free(&p);
    } else {
        gather(g, all.data, NULL, dims, NULL);
    }
    const size_t count = choose(g, chosen, wanted, seen.data, dims, &radius);
    m->coverage += radius;
    if (m->projected)
        scratch_free(&seen);
    take(m, all.data, chosen, count);
    scratch_free(&all);
    free(chosen);
}

void patchcore_merge(struct patchcore *m, const struct detector_part *part, size_t n,
                     const struct patchcore_plan *plan)
{
    struct merge g = {.m = m, .part = xcalloc(n, sizeof *g.part), .n = n};
    know(&g, part);
    pool_scales(&g);
    m->coverage = coverage_of(&g);
    const size_t wanted = wanted_of(&g, plan->ratio);
    if (wanted == g.vectors)
        put_together(&g);
    else
        select_among(&g, wanted, plan);
    for (size_t i = 0; plan->half && i < m->n; i++) {
        patchcore_round(m->bank + i * m->dims, m->dims);
        if (i % COPIES == 0)
            scratch_relax();
    }
    m->index = neighbours_new(m->bank, NULL, m->n, m->dims);
    for (size_t i = 0; i < n; i++)
        free(g.part[i].scale);
    free(g.part);
}
