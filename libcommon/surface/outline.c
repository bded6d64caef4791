#include "surface/outline.h"
#include "fractal/elementary.h"
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

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The following take a place on the outline's own axes. */
static float ellipse(const struct outline *o, float x, float y)
{
    const float u = x / o->a, v = y / o->b, q = u * u + v * v, gu = u / o->a, gv = v / o->b;
    const float slope = sqrtf(gu * gu + gv * gv), root = sqrtf(q);
    return slope > 1e-6f ? (root - 1) * root / slope : -o->b;
}

static float rectangle(const struct outline *o, float x, float y)
{
    const float u = fabsf(x) - o->a, v = fabsf(y) - o->b, out_u = larger(u, 0), out_v = larger(v, 0);
    const float in = larger(u, v);
    return in < 0 ? in : sqrtf(out_u * out_u + out_v * out_v);
}

static float polygon(const struct outline *o, float x, float y)
{
    float most = -1e9f;
    for (size_t i = 0; i < o->corners; i++)
        most = larger(most, o->normal[i][0] * x + o->normal[i][1] * y);
    return larger(most - o->offset, sqrtf(x * x + y * y) - o->radius); /* where sides are far from even */
}

static float contour(const struct outline *o, float x, float y)
{
    const float sum = fabsf(x) + fabsf(y) + 1e-9f, along = x / sum;
    const float p = (y >= 0 ? 1 - along : 3 + along) * (CONTOUR_STEPS / 4.0f);
    const size_t i = p < CONTOUR_STEPS ? (size_t)p : CONTOUR_STEPS - 1;
    const float edge = o->contour[i] + (p - (float)i) * (o->contour[i + 1] - o->contour[i]);
    return (sqrtf(x * x + y * y) - edge) * 0.8f; /* the curve is not square to the radius */
}

static float fractal(const struct outline *o, float x, float y)
{
    const float half = 0.7f * o->radius, units = (SILHOUETTE_SIDE - 1) / 2.5f / half;
    const float u = (x + 1.25f * half) * units, v = (y + 1.25f * half) * units;
    if (u < 0 || v < 0 || u >= SILHOUETTE_SIDE - 1 || v >= SILHOUETTE_SIDE - 1)
        return 0.2f * half;
    const size_t i = (size_t)v, j = (size_t)u;
    const float fu = u - (float)j, fv = v - (float)i;
    const float *above = o->silhouette->distance[i] + j, *below = o->silhouette->distance[i + 1] + j;
    const float top = above[0] + fu * (above[1] - above[0]), bottom = below[0] + fu * (below[1] - below[0]);
    return (top + fv * (bottom - top)) * half;
}

#define ROW(function)                                                                                        \
    for (size_t i = 0; i < n; i++, dx += 1)                                                                  \
    distance[i] = function(o, dx * o->cosine + dy * o->sine, dy * o->cosine - dx * o->sine)

void outline_row(float *distance, const struct outline *o, ptrdiff_t x, ptrdiff_t y, size_t n)
{
    float dx = (float)x - o->x;
    const float dy = (float)y - o->y;
    switch (o->kind) {
    case OUTLINE_ELLIPSE:
        ROW(ellipse);
        break;
    case OUTLINE_RECTANGLE:
        ROW(rectangle);
        break;
    case OUTLINE_POLYGON:
        ROW(polygon);
        break;
    case OUTLINE_CONTOUR:
        ROW(contour);
        break;
    case OUTLINE_FRACTAL:
        ROW(fractal);
        break;
    case OUTLINE_DISC:
    case OUTLINES:
        for (size_t i = 0; i < n; i++, dx += 1)
            distance[i] = sqrtf(dx * dx + dy * dy) - o->radius;
        break;
    }
}
