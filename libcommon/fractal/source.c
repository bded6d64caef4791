#include "fractal/source.h"
#include "base/mem.h"
#include "base/thread.h"
#include "fractal/density.h"
#include "fractal/key.h"
#include <stdlib.h>

enum { TRIES = 100000 };
const char *const sampler_names[] = {"sigma", "search", "one", NULL};

double source_fill(const struct ifs *s, uint64_t key, size_t n, struct chaos_points *p, struct density *d)
{
    chaos_game(p, n, s, key, STREAM_CHAINS);
    struct canvas_view v = view_of(p->x_lo, p->x_hi, p->y_lo, p->y_hi, SEARCH_SIDE - 2 * SEARCH_MARGIN + 1);
    v.x0 -= SEARCH_MARGIN / v.x_scale;
    v.y0 -= SEARCH_MARGIN / v.y_scale;
    density_count(d, SEARCH_SIDE, p, &v);
    return (double)density_filled(d) / (SEARCH_SIDE * SEARCH_SIDE);
}

/* One attempt at system i. */
static void attempt(const struct ifs_source *s, const struct ifs *one, uint64_t key, struct ifs *out)
{
    struct rng r = rng_new(key, STREAM_CHOICES);
    if (s->sampler == SAMPLER_ONE)
        ifs_perturb(out, one, s->delta, &r);
    else
        ifs_sample_unconstrained(out, s->range.maps_lo, s->range.maps_hi, &r);
}

struct search {
    struct ifs_source *source;
    struct ifs one;
    struct chaos_points *points; /* of each worker */
    struct density *density;     /* likewise */
};

static void search_one(void *arg, size_t i, size_t worker)
{
    struct search *search = arg;
    struct ifs_source *s = search->source;
    for (uint64_t tries = 0; tries < TRIES; tries++) {
        uint64_t key = key_of(s->seed, KEY_SEARCH, i, tries);
        struct ifs *out = &s->codes.system[i];
        attempt(s, &search->one, key, out);
        if (source_fill(out, key, s->points, &search->points[worker], &search->density[worker]) >= s->fill)
            return;
    }
    die("system %zu: none of %d draws fills %g of the canvas", i, TRIES, s->fill);
}

void source_prepare(struct ifs_source *s)
{
    struct search search = {.source = s};
    size_t workers = pool_size(), bytes;
    if (s->sampler == SAMPLER_SIGMA || s->codes.n)
        return;
    if (!mem_mul(s->n, sizeof(struct ifs), &bytes))
        bytes = SIZE_MAX;
    mem_need(bytes, "the systems");
    s->codes.system = xcalloc(s->n, sizeof(struct ifs));
    s->codes.n = s->codes.capacity = s->n;
    if (s->sampler == SAMPLER_ONE) {
        struct rng r = rng_new(key_of(s->seed, KEY_SYSTEM, 0, 0), STREAM_CHOICES);
        ifs_sample_range(&search.one, &s->range, &r);
    }
    search.points = xcalloc(workers, sizeof *search.points);
    search.density = xcalloc(workers, sizeof *search.density);
    for (size_t i = 0; i < workers; i++) {
        search.points[i] = points_new(s->points, false);
        search.density[i] = density_new(SEARCH_SIDE, false);
    }
    pool_run(s->n, search_one, &search);
    for (size_t i = 0; i < workers; i++) {
        points_free(&search.points[i]);
        density_free(&search.density[i]);
    }
    free(search.points);
    free(search.density);
}

void source_system(const struct ifs_source *s, size_t i, struct ifs *out)
{
    if (s->codes.n) {
        *out = s->codes.system[i];
        return;
    }
    struct rng r = rng_new(key_of(s->seed, KEY_SYSTEM, i, 0), STREAM_CHOICES);
    ifs_sample_range(out, &s->range, &r);
}
