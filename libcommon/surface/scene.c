#include "surface/scene.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scene scene_new(size_t side)
{
    return (struct scene){.side = side, .nearest = xmalloc(side, side), .row = xmalloc(side, sizeof(float))};
}

void scene_free(struct scene *s)
{
    free(s->nearest);
    free(s->row);
}

static size_t clip(double x, size_t side)
{
    return x <= 0 ? 0 : x >= (double)side ? side : (size_t)x;
}

/* Where its outline reaches, soft edge and all. */
static void bound(struct leaf *l, size_t side)
{
    const struct outline *o = &l->outline;
    const double x = o->x, y = o->y, reach = (double)o->radius + 1;
    l->x0 = clip(x - reach, side);
    l->x1 = clip(x + reach + 1, side);
    l->y0 = clip(y - reach, side);
    l->y1 = clip(y + reach + 1, side);
}

enum { FREE = 255 };
_Static_assert((int)SURFACES_MAX < (int)FREE, "a leaf's number is a byte");

/* Takes what is free within the leaf's outline; the pixels taken. */
static size_t take(struct scene *s, size_t number)
{
    struct leaf *l = &s->leaf[number];
    for (size_t y = l->y0; y < l->y1 && l->x0 < l->x1; y++) {
        uint8_t *row = s->nearest + y * s->side, *first = memchr(row + l->x0, FREE, l->x1 - l->x0);
        if (!first)
            continue;
        const uint8_t *last = memrchr(first, FREE, (size_t)(row + l->x1 - first));
        const size_t n = (size_t)(last - first) + 1;
        outline_row(s->row, &l->outline, first - row, (ptrdiff_t)y, n);
        for (size_t i = 0; i < n; i++)
            if (first[i] == FREE && s->row[i] < 0) {
                first[i] = (uint8_t)number;
                l->area++;
            }
    }
    return l->area;
}

static void add_ground(struct scene *s, size_t area)
{
    s->leaf[s->n] = (struct leaf){.ground = true, .area = area, .x1 = s->side, .y1 = s->side};
    for (size_t i = 0; i < s->side * s->side && area; i++)
        if (s->nearest[i] == FREE)
            s->nearest[i] = (uint8_t)s->n;
    s->n++;
}

/* A leaf of which nothing is seen is forgotten. */
static size_t add_leaf(struct scene *s, double x, double y, double radius, const struct silhouette *library,
                       struct rng *r)
{
    struct leaf *l = &s->leaf[s->n];
    *l = (struct leaf){0};
    outline_draw(&l->outline, x, y, radius, library, r);
    bound(l, s->side);
    const size_t taken = take(s, s->n);
    s->n += taken > 0;
    return taken;
}

void scene_draw(struct scene *s, enum scene_kind kind, const struct silhouette *library, struct rng *r)
{
    const double side = (double)s->side;
    size_t left = s->side * s->side;
    s->n = 0;
    memset(s->nearest, FREE, left);
    if (kind == SCENE_SHAPE) {
        const double radius = side * rng_range(r, 0.25, 0.45);
        const double x = rng_range(r, radius, side - radius), y = rng_range(r, radius, side - radius);
        left -= add_leaf(s, x, y, radius, library, r);
    }
    for (size_t i = 0; kind == SCENE_LEAVES && i < LEAVES_MAX && left > 0; i++) {
        const double smallest = 0.08, ratio = smallest / 0.8;
        const double radius = smallest * side / sqrt(1 - rng_uniform(r) * (1 - ratio * ratio));
        const double x = rng_range(r, 0, side), y = rng_range(r, 0, side);
        left -= add_leaf(s, x, y, radius, library, r);
    }
    add_ground(s, left);
}

void scene_deal(struct scene *s, size_t label, size_t classes, struct rng *r)
{
    size_t largest = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->leaf[i].class = rng_below(r, classes);
        if (s->leaf[i].area > s->leaf[largest].area)
            largest = i;
    }
    s->leaf[largest].class = label;
}
