#include "search/coreset.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/size.h"
#include "base/thread.h"
#include "search/sketch.h"
#include "num/distance.h"
#include "search/near.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Vectors a task of the pool; vectors so few that a pool doesn't pay; centres from which sketches pay; the
 * radius from one gathering to the next, in squared distance. None of them changes the selection. */
enum { UPDATE_BLOCK = 64, SERIAL_MAX = 512, SKETCH_MIN = 128, WALK = 2 * UPDATE_BLOCK };
static const float SHRINK = 0.98f;

struct greedy {
    const float *x;
    size_t n, dims;
    float *bound;     /* n: the distance to the first seen[i] chosen vectors, or more */
    uint32_t *seen;   /* n */
    float *centre;    /* the chosen vectors, side by side */
    size_t centres;   /* of them */
    float radius;     /* every vector whose bound is at least this is active */
    uint32_t *active; /* vectors up to date, in ascending order; room for n */
    size_t actives;
    bool sketched; /* sketches and the centres' panels are there */
    struct sketches sketches;
    struct sketch_panels panels;
    bool behind;
    bool on_disk;      /* pages of x or of the sketches are to be given back */
    size_t first, end; /* of the active vectors, that are brought up to date now */
};

/* Measures those of a panel's centres that the sketches leave, for some vectors. */
static void look_at_panel(const struct greedy *g, const uint32_t *vector, size_t n, size_t panel)
{
    int32_t value[SKETCH_ROWS * SKETCH_PANEL], limit[SKETCH_ROWS] = {0};
    uint64_t mask[SKETCH_ROWS];
    const float *centre = g->centre + panel * SKETCH_PANEL * g->dims;
    for (size_t r = 0; r < n; r++)
        limit[r] = sketch_limit(&g->sketches, vector[r], &g->panels, g->bound[vector[r]], g->dims);
    sketch_compare(mask, value, limit, &g->sketches, vector, n, &g->panels, g->panels.offset, panel);
    for (size_t r = 0; r < n; r++)
        if (mask[r])
            near_fetch(g->x + vector[r] * g->dims, g->dims);
    for (size_t r = 0; r < n; r++)
        for (uint64_t m = mask[r]; m; m &= m - 1) {
            const size_t i = vector[r], c = (size_t)__builtin_ctzll(m);
            g->bound[i] = distance_least(g->bound[i], g->x + i * g->dims, centre + c * g->dims, 1, g->dims);
        }
}

/* Brings one vector up to date. */
static void catch_up(const struct greedy *g, size_t i)
{
    const size_t from = g->seen[i];
    g->bound[i] = distance_least(g->bound[i], g->x + i * g->dims, g->centre + from * g->dims,
                                 g->centres - from, g->dims);
    g->seen[i] = (uint32_t)g->centres;
}

/* Some vectors, panel by panel: a panel stays in the cache for all. */
static void catch_up_many(const struct greedy *g, const uint32_t *vector, size_t n)
{
    uint32_t late[UPDATE_BLOCK];
    for (size_t panel = 0; panel * SKETCH_PANEL < g->centres; panel++) {
        size_t lates = 0;
        for (size_t k = 0; k < n; k++)
            if (g->seen[vector[k]] < (panel + 1) * SKETCH_PANEL)
                late[lates++] = vector[k];
        for (size_t k = 0; k < lates; k += SKETCH_ROWS)
            look_at_panel(g, late + k, lates - k < SKETCH_ROWS ? lates - k : SKETCH_ROWS, panel);
    }
    for (size_t k = 0; k < n; k++)
        g->seen[vector[k]] = (uint32_t)g->centres;
}

static void catch_up_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct greedy *g = arg;
    const size_t from = g->first + task * UPDATE_BLOCK, n = size_least(g->end - from, UPDATE_BLOCK);
    if (g->sketched && g->behind)
        catch_up_many(g, g->active + from, n);
    else
        for (size_t k = 0; k < n; k++)
            catch_up(g, g->active[from + k]);
}

/* In steps after which pages can be given back, where vectors lie on a disk. */
static void walk(struct greedy *g)
{
    const size_t step = g->on_disk ? WALK : g->actives;
    for (g->first = 0; g->first < g->actives; g->first = g->end) {
        g->end = size_least(g->first + step, g->actives);
        pool_run(size_parts(g->end - g->first, UPDATE_BLOCK), catch_up_task, g);
        if (g->on_disk)
            scratch_relax();
    }
}

/* behind: the active vectors may have missed many centres, not only the last. */
static void catch_up_active(struct greedy *g, bool behind)
{
    g->behind = behind;
    if (g->actives <= SERIAL_MAX && !behind)
        for (size_t k = 0; k < g->actives; k++)
            catch_up(g, g->active[k]);
    else
        walk(g);
}

/* Forgets the active vectors that are within the radius now. */
static void drop_near(struct greedy *g)
{
    size_t kept = 0;
    for (size_t k = 0; k < g->actives; k++)
        if (g->bound[g->active[k]] >= g->radius)
            g->active[kept++] = g->active[k];
    g->actives = kept;
}

static float largest(const float *x, size_t n)
{
    float most[DISTANCE_LANES] = {0};
    size_t i = 0;
    for (; i + DISTANCE_LANES <= n; i += DISTANCE_LANES)
        for (size_t k = 0; k < DISTANCE_LANES; k++)
            most[k] = x[i + k] > most[k] ? x[i + k] : most[k];
    for (; i < n; i++)
        most[0] = x[i] > most[0] ? x[i] : most[0];
    for (size_t k = 1; k < DISTANCE_LANES; k++)
        most[0] = most[k] > most[0] ? most[k] : most[0];
    return most[0];
}

/* Lowers the radius until some vector lies beyond it. False when all bounds are 0. */
static bool gather(struct greedy *g)
{
    while (g->actives == 0) {
        const float top = largest(g->bound, g->n);
        if (!(top > 0))
            return false;
        g->radius = isinf(top) ? top : top * SHRINK;
        for (size_t i = 0; i < g->n; i++)
            if (g->bound[i] >= g->radius)
                g->active[g->actives++] = (uint32_t)i;
        catch_up_active(g, true);
        drop_near(g);
    }
    return true;
}

/* The active vector with the largest bound, the first of equals. */
static size_t farthest(const struct greedy *g)
{
    size_t best = g->active[0];
    for (size_t k = 1; k < g->actives; k++)
        if (g->bound[g->active[k]] > g->bound[best])
            best = g->active[k];
    return best;
}

static void add_centre(struct greedy *g, size_t i)
{
    if (g->sketched)
        sketch_panels_put(&g->panels, g->centres, &g->sketches, i);
    memcpy(g->centre + g->centres * g->dims, g->x + i * g->dims, g->dims * sizeof *g->x);
    g->centres++;
}

static void make_sketches(struct greedy *g, size_t wanted)
{
    struct sketch_space *space = sketch_space_new(g->x, g->n, g->dims);
    g->sketches = sketches_new(g->n, space);
    g->panels = sketch_panels_new(wanted);
    sketches_draw_all(&g->sketches, space, g->x);
    sketch_space_free(space);
}

size_t coreset_cover(size_t *chosen, size_t have, size_t least, size_t most, float *bound, const float *x,
                     size_t n, size_t dims, float *radius)
{
    const float enough = *radius;
    struct greedy g = {.x = x, .n = n, .dims = dims, .bound = bound};
    struct progress progress = progress_start("coreset vectors", most);
    const size_t taken = 2 * n * sizeof *g.seen + most * dims * sizeof *x; /* and not yet touched */
    scratch_rest();
    mem_need(taken, "the coreset selection");
    g.seen = xcalloc(n, sizeof *g.seen);
    g.active = xmalloc(n, sizeof *g.active);
    g.centre = xaligned(most * dims, sizeof *g.centre);
    g.sketched = most >= SKETCH_MIN;
    if (g.sketched)
        make_sketches(&g, most);
    g.on_disk = scratch_used();
    for (size_t k = 0; k < have; k++)
        add_centre(&g, chosen[k]);
    for (; have < most && gather(&g) && (have < least || bound[farthest(&g)] > enough); have++) {
        chosen[have] = farthest(&g);
        add_centre(&g, chosen[have]);
        catch_up_active(&g, false);
        drop_near(&g);
        scratch_relax();
        progress_add(&progress, 1);
    }
    *radius = gather(&g) ? bound[farthest(&g)] : 0;
    progress_end(&progress);
    sketches_free(&g.sketches);
    sketch_panels_free(&g.panels);
    free(g.centre);
    free(g.active);
    free(g.seen);
    return have;
}

size_t coreset_greedy(size_t *chosen, size_t have, size_t wanted, float *bound, const float *x, size_t n,
                      size_t dims)
{
    float radius = 0;
    return coreset_cover(chosen, have, wanted, wanted, bound, x, n, dims, &radius);
}

static void naive_update(float *bound, const float *x, size_t n, size_t dims, size_t centre)
{
    for (size_t i = 0; i < n; i++) {
        const float d = distance_squared(x + i * dims, x + centre * dims, dims);
        bound[i] = d < bound[i] ? d : bound[i];
    }
}

size_t coreset_greedy_naive(size_t *chosen, size_t have, size_t wanted, float *bound, const float *x,
                            size_t n, size_t dims)
{
    for (size_t k = 0; k < have; k++)
        naive_update(bound, x, n, dims, chosen[k]);
    for (; have < wanted; have++) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            if (bound[i] > bound[best])
                best = i;
        if (!(bound[best] > 0))
            break;
        chosen[have] = best;
        naive_update(bound, x, n, dims, best);
    }
    return have;
}
