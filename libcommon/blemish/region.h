/* A place with the outline of a cloud: smooth noise that falls off from its middle, cut at a level. */
#ifndef BLEMISH_REGION_H
#define BLEMISH_REGION_H
#include "base/rng.h"
#include "base/raster.h"

struct region {
    double x, y, radius;         /* nothing of it is further than the radius from (x, y) */
    double cosine, sine, narrow; /* its first axis; its second is `narrow` times as long */
    double soft;                 /* pixels over which it fades in, about */
    uint32_t seed;
    size_t left, right, top, bottom; /* pixels outside of left..right-1, top..bottom-1 have none of it */
};

/* With its middle anywhere in the image, a radius from low to high pixels (log-uniform), half to wholly as wide as long. */
struct region region_draw(const struct raster *image, double low, double high, double soft, struct rng *r);
/* How much of it is in pixel (x, y), 0 to 1. */
double region_part(const struct region *g, size_t x, size_t y);
#endif
