#include "metric/curve.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>

static void keep(struct curve *c, struct curve_point p)
{
    if (c->n == c->capacity)
        mem_need(2 * c->capacity * sizeof p, "the points of a curve");
    c->point = xgrow(c->point, c->n, &c->capacity, sizeof p);
    c->point[c->n++] = p;
}

struct curve curve_new(size_t points)
{
    struct curve c = {.step = points ? 3.0 / (double)points : 0, .last.threshold = INFINITY};
    keep(&c, c.last);
    return c;
}

/* The way from (0, 0, 0): none of the axes ever falls. */
static double way(const struct curve_point *p)
{
    return p->fpr + p->tpr + p->pro;
}

void curve_add(struct curve *c, struct curve_point p)
{
    c->last = p;
    if (way(&p) - way(&c->point[c->n - 1]) >= c->step)
        keep(c, p);
}

void curve_end(struct curve *c)
{
    if (c->last.threshold < c->point[c->n - 1].threshold)
        keep(c, c->last);
}

void curve_free(struct curve *c)
{
    free(c->point);
    *c = (struct curve){0};
}
