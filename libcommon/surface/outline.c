#include "surface/outline.h"
#include "fractal/elementary.h"
#include "surface/rows.h"
#include <math.h>

static void draw_polygon(struct outline *o, struct rng *r)
{
    double sine, cosine;
    o->corners = 3 + rng_below(r, POLYGON_MAX - 2);
    portable_sincos(M_PI / (double)o->corners, &sine, &cosine);
    o->offset =
        o->radius * (float)cosine; /* of the sides; corners lie on the radius where they are regular */
    const double turn = 2 * M_PI / (double)o->corners, jitter = o->corners > 3 ? 0.2 * turn : 0;
    for (size_t i = 0; i < o->corners; i++) {
        portable_sincos(turn * (double)i + rng_range(r, -jitter, jitter), &sine, &cosine);
        o->normal[i][0] = (float)cosine;
        o->normal[i][1] = (float)sine;
    }
}

/* sin(n t) of a direction (cos t, sin t), moved by the phase whose cosine and sine are given. */
static double wave(double cosine, double sine, size_t n, const double phase[2])
{
    double re = phase[0], im = phase[1];
    for (size_t i = 0; i < n; i++) {
        const double next = re * cosine - im * sine;
        im = re * sine + im * cosine;
        re = next;
    }
    return im;
}

static void draw_contour(struct outline *o, struct rng *r)
{
    const size_t n1 = 2 + rng_below(r, 6), n2 = n1 + 1 + rng_below(r, 8);
    const double first = rng_range(r, 0, 0.25), second = rng_range(r, 0, 0.12), most = 1 + first + second;
    double phase[2][2];
    for (int i = 0; i < 2; i++)
        portable_sincos(rng_range(r, 0, 2 * M_PI), &phase[i][1], &phase[i][0]);
    for (size_t i = 0; i <= CONTOUR_STEPS; i++) {
        const double p =
            4.0 * (double)(i % CONTOUR_STEPS) / CONTOUR_STEPS; /* 0 to 4, right, down, left, up */
        const double x = p < 2 ? 1 - p : p - 3, y = p < 1 ? p : p < 3 ? 2 - p : p - 4;
        const double length = sqrt(x * x + y * y), c = x / length, s = y / length;
        const double swell = 1 + first * wave(c, s, n1, phase[0]) + second * wave(c, s, n2, phase[1]);
        o->contour[i] = o->radius * (float)(swell / most);
    }
}

void outline_draw(struct outline *o, double x, double y, double radius, const struct silhouette *library,
                  struct rng *r)
{
    double sine, cosine;
    o->kind = (enum outline_kind)rng_below(r, OUTLINES);
    o->x = (float)x;
    o->y = (float)y;
    o->radius = (float)radius;
    portable_sincos(rng_range(r, 0, 2 * M_PI), &sine, &cosine);
    o->cosine = (float)cosine;
    o->sine = (float)sine;
    portable_sincos(rng_range(r, 0.2, M_PI / 4), &sine, &cosine); /* of a rectangle's diagonal */
    o->a = o->radius * (o->kind == OUTLINE_RECTANGLE ? (float)cosine : 1);
    o->b = o->radius * (float)(o->kind == OUTLINE_RECTANGLE ? sine : rng_range(r, 0.35, 0.95));
    o->silhouette = &library[rng_below(r, SILHOUETTES)];
    if (o->kind == OUTLINE_POLYGON)
        draw_polygon(o, r);
    if (o->kind == OUTLINE_CONTOUR)
        draw_contour(o, r);
}

void outline_row(float *distance, const struct outline *o, ptrdiff_t x, ptrdiff_t y, size_t n)
{
    rows_kernels()->outline(distance, o, (int32_t)x, (float)y - o->y, n);
}
