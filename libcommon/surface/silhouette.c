/* Silhouettes of attractors: points of a system are counted on a grid, the counts blurred, what is denser than a threshold is the
 * inside, and two passes over the grid give each of its cells the distance from the edge, about. */
#include "base/err.h"
#include "base/mem.h"
#include "base/thread.h"
#include "fractal/chaos.h"
#include "fractal/key.h"
#include "surface/outline.h"
#include <stdbool.h>

enum { SIDE = SILHOUETTE_SIDE, POINTS = 8192, TRIES = 1000 };

struct work {
    struct silhouette *out;
    uint64_t seed;
};

static void soften(float mask[SIDE][SIDE])
{
    float before[SIDE][SIDE];
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++)
            before[y][x] = mask[y][x];
    for (size_t y = 1; y < SIDE - 1; y++)
        for (size_t x = 1; x < SIDE - 1; x++) {
            float sum = 0;
            for (size_t j = y - 1; j <= y + 1; j++)
                for (size_t i = x - 1; i <= x + 1; i++)
                    sum += before[j][i];
            mask[y][x] = sum / 9;
        }
}

/* 1 where the attractor is, 0 elsewhere, its longer side over 80 % of the grid; the part that is 1. */
static double draw_mask(float mask[SIDE][SIDE], const struct chaos_points *p)
{
    const float width = p->x_hi - p->x_lo, height = p->y_hi - p->y_lo;
    const float scale = (SIDE - 1) / 1.25f / (width > height ? width : height);
    size_t inside = 0;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        mask[i / SIDE][i % SIDE] = 0;
    for (size_t i = 0; i < p->n; i++) {
        const float x = (p->x[i] - p->x_lo - width / 2) * scale + SIDE / 2;
        const float y = (p->y[i] - p->y_lo - height / 2) * scale + SIDE / 2;
        mask[(size_t)y][(size_t)x] = 1;
    }
    soften(mask);
    soften(mask);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        float *m = &mask[i / SIDE][i % SIDE];
        *m = *m > 0.3f;
        inside += *m > 0;
    }
    return (double)inside / (SIDE * SIDE);
}

/* Relaxes d[y][x] by a neighbour whose distance is `step` further. */
static void relax(float *d, float neighbour, float step)
{
    if (neighbour + step < *d)
        *d = neighbour + step;
}

/* How far the cells with this value are from those with the other one, in cells; the others are at 0. */
static void spread(float d[SIDE][SIDE], float mask[SIDE][SIDE], float value)
{
    for (size_t i = 0; i < SIDE * SIDE; i++)
        d[i / SIDE][i % SIDE] = mask[i / SIDE][i % SIDE] == value ? 1e9f : 0;
    for (size_t y = 1; y < SIDE - 1; y++)
        for (size_t x = 1; x < SIDE - 1; x++) {
            relax(&d[y][x], d[y][x - 1], 1);
            relax(&d[y][x], d[y - 1][x], 1);
            relax(&d[y][x], d[y - 1][x - 1], 1.4142f);
            relax(&d[y][x], d[y - 1][x + 1], 1.4142f);
        }
    for (size_t y = SIDE - 1; y-- > 0;)
        for (size_t x = SIDE - 1; x-- > 0;) {
            relax(&d[y][x], d[y][x + 1], 1);
            relax(&d[y][x], d[y + 1][x], 1);
            relax(&d[y][x], d[y + 1][x + 1], 1.4142f);
            if (x > 0)
                relax(&d[y][x], d[y + 1][x - 1], 1.4142f);
        }
}

static void measure(struct silhouette *s, float mask[SIDE][SIDE])
{
    float in[SIDE][SIDE], out[SIDE][SIDE];
    spread(in, mask, 1);
    spread(out, mask, 0);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        const float d = out[i / SIDE][i % SIDE] - in[i / SIDE][i % SIDE];
        s->distance[i / SIDE][i % SIDE] = (d > 16 ? 16 : d) * (2.5f / (SIDE - 1));
    }
}

static void make(void *arg, size_t i, size_t worker)
{
    (void)worker;
    const struct work *w = arg;
    const struct ifs_range range = {2, 4, 1, 0, 1};
    struct chaos_points points = points_new(POINTS, false);
    float mask[SIDE][SIDE];
    struct ifs ifs;
    bool found = false;
    for (uint64_t tries = 0; tries < TRIES && !found; tries++) {
        const uint64_t key = key_of(w->seed, KEY_OUTLINE, i, tries);
        struct rng r = rng_new(key, STREAM_CHOICES);
        ifs_sample_range(&ifs, &range, &r);
        chaos_game(&points, POINTS, &ifs, key, STREAM_CHAINS);
        found = points.n == POINTS && draw_mask(mask, &points) >= 0.2;
    }
    if (!found)
        die("silhouette %zu: none of %d systems covers a fifth of the canvas", i, TRIES);
    measure(&w->out[i], mask);
    points_free(&points);
}

struct silhouette *silhouettes_new(uint64_t seed)
{
    struct work w = {xcalloc(SILHOUETTES, sizeof *w.out), seed};
    pool_run(SILHOUETTES, make, &w);
    return w.out;
}
