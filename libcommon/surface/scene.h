/* What lies where: outlines that hide each other, from the nearest to the farthest, and which of them is seen at each pixel.
 * Classes are dealt when areas are known, so that the largest region is the one that the image's label names. */
#ifndef SURFACE_SCENE_H
#define SURFACE_SCENE_H
#include "surface/outline.h"
#include <stdbool.h>
#include <stdint.h>

enum scene_kind {
    SCENE_PLAIN, /* one surface all over */
    SCENE_SHAPE, /* one outline, its radius .25 to .45 of the side, on another surface */
    SCENE_LEAVES /* dead leaves: radii .08 to .8 of the side with density r^-3, until nothing is free */
};

/* Dead leaves are at most so many; what they leave free is the ground's. */
enum { LEAVES_MAX = 96, SURFACES_MAX = LEAVES_MAX + 1 };

struct leaf {
    struct outline outline;
    bool ground; /* without an outline: everywhere */
    size_t area; /* pixels where it is the nearest */
    size_t class;
    size_t x0, x1, y0, y1; /* the part of the image that its outline reaches */
};

struct scene {
    size_t side, n;
    struct leaf leaf[SURFACES_MAX]; /* the last one is the ground */
    uint8_t *nearest;               /* of each pixel */
    float *row;                     /* side numbers */
};
struct scene scene_new(size_t side);
void scene_free(struct scene *s);

/* Lays the leaves out and counts their pixels. */
void scene_draw(struct scene *s, enum scene_kind kind, const struct silhouette *library, struct rng *r);
/* The leaf with the largest area gets the class `label`, others any of `classes`. */
void scene_deal(struct scene *s, size_t label, size_t classes, struct rng *r);
#endif
