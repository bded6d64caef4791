/* Outlines of surfaces: how far pixels are from a closed curve, about, in pixels; below 0 inside. */
#ifndef SURFACE_OUTLINE_H
#define SURFACE_OUTLINE_H
#include "base/rng.h"
#include <stddef.h>

enum outline_kind {
    OUTLINE_DISC,
    OUTLINE_ELLIPSE,
    OUTLINE_RECTANGLE,
    OUTLINE_POLYGON, /* convex, 3 to 7 corners */
    OUTLINE_CONTOUR, /* a circle with two waves on it (VisualAtom) */
    OUTLINE_FRACTAL, /* the silhouette of an IFS */
    OUTLINES
};

enum { POLYGON_MAX = 7, CONTOUR_STEPS = 128, SILHOUETTE_SIDE = 64, SILHOUETTES = 64 };

/* Distances on a grid that spans -1.25 to 1.25 in both directions, in units of half the silhouette's longer side. */
struct silhouette {
    float distance[SILHOUETTE_SIDE][SILHOUETTE_SIDE];
};
/* SILHOUETTES of them, functions of the seed; free() them. Made on all threads. */
struct silhouette *silhouettes_new(uint64_t seed);

struct outline {
    enum outline_kind kind;
    float x, y, radius; /* nothing of it is further than the radius from its centre */
    float cosine, sine; /* its own first axis */
    float a, b;         /* half axes of ellipses and rectangles */
    size_t corners;
    float normal[POLYGON_MAX][2], offset;
    float contour[CONTOUR_STEPS + 1]; /* radii by direction: x / (|x| + |y|), all the way round */
    const struct silhouette *silhouette;
};

/* An outline of any kind and direction, with this centre and radius. */
void outline_draw(struct outline *o, double x, double y, double radius, const struct silhouette *library,
                  struct rng *r);
/* distance[i] of the pixel x + i, y; i < n. */
void outline_row(float *distance, const struct outline *o, ptrdiff_t x, ptrdiff_t y, size_t n);
#endif
