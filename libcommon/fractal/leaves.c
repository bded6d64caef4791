#include "fractal/background.h"
#include "fractal/elementary.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { LEAVES_MAX = 5000 };

struct leaf {
    double x, y, radius;
    double cosine, sine;  /* of its direction */
    double length, width; /* half sides of a rectangle; a disc's are its radius */
    bool disc;
    double colour[3];
    double slope; /* of the brightness along the direction, from -1 to 1 radius */
};

/* Radii between 3 % and 100 % of the side, density r^-3. */
static struct leaf draw_leaf(size_t side, struct rng *r)
{
    struct leaf l;
    double s = (double)side, ratio = 0.03 * 0.03, shape;
    l.radius = 0.03 * s / sqrt(1 - rng_uniform(r) * (1 - ratio));
    l.x = rng_range(r, 0, s);
    l.y = rng_range(r, 0, s);
    portable_sincos(rng_range(r, -M_PI, M_PI), &l.sine, &l.cosine);
    l.disc = rng_uniform(r) < 0.5;
    portable_sincos(rng_range(r, 0.1, M_PI / 2 - 0.1), &l.width, &shape); /* the angle of the diagonal */
    l.width *= l.radius;
    l.length = shape * l.radius;
    for (int i = 0; i < 3; i++)
        l.colour[i] = rng_range(r, 10, 245);
    l.slope = rng_range(r, -0.4, 0.4);
    return l;
}

static size_t clip(double x, size_t side)
{
    return x <= 0 ? 0 : x >= (double)side ? side : (size_t)x;
}

/* Paints what no leaf before has covered (leaves fall from the nearest to the farthest); the pixels painted.
 * A pixel is free while its first channel is 0, which no leaf leaves there. */
static size_t paint_leaf(uint8_t *rgb, size_t side, const struct leaf *l)
{
    size_t painted = 0, x_from = clip(l->x - l->radius, side), x_to = clip(l->x + l->radius + 1, side);
    for (size_t y = clip(l->y - l->radius, side); y < clip(l->y + l->radius + 1, side); y++)
        for (size_t x = x_from; x < x_to; x++) {
            uint8_t *p = rgb + 3 * (y * side + x);
            double dx = (double)x - l->x, dy = (double)y - l->y;
            double along = dx * l->cosine + dy * l->sine, across = dy * l->cosine - dx * l->sine;
            bool in = l->disc ? dx * dx + dy * dy <= l->radius * l->radius
                              : fabs(along) <= l->length && fabs(across) <= l->width;
            if (p[0] || !in)
                continue;
            double brightness = 1 + l->slope * along / l->radius;
            for (int i = 0; i < 3; i++) {
                double v = l->colour[i] * brightness;
                p[i] = (uint8_t)(v > 255 ? 255 : v < 1 ? 1 : v);
            }
            painted++;
        }
    return painted;
}

void leaves_paint(uint8_t *rgb, size_t side, struct rng *r)
{
    size_t left = side * side;
    memset(rgb, 0, 3 * side * side);
    for (int i = 0; i < LEAVES_MAX && left > 0; i++) {
        struct leaf l = draw_leaf(side, r);
        left -= paint_leaf(rgb, side, &l);
    }
}
