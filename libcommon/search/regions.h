/* Where the vectors of a memory bank lie: a k-d tree over their sketches, whose leaves are the panels in which they are compared, and
 * the box around each panel. No vector is nearer to a query than the box that it lies in, so a panel whose box is too far is passed
 * over unseen: four of five, for the patches of a photograph.
 *
 * (Bentley 1975, "Multidimensional binary search trees used for associative searching"; the dimension of the largest variance is cut
 * at the middle. The tree itself isn't kept: it is the order of the panels.) */
#ifndef SEARCH_REGIONS_H
#define SEARCH_REGIONS_H
#include "search/sketch.h"

/* The sketches' numbers in an order in which each SKETCH_PANEL that follow each other lie close. free() it. */
uint32_t *regions_order(const struct sketches *s);

struct regions {
    size_t n;
    float *low, *high; /* n x SKETCH_DIMS */
};
/* The boxes around panels of sketches in this order. */
struct regions regions_new(const struct sketches *s, const uint32_t *order);
size_t regions_bytes(size_t vectors);
void regions_free(struct regions *r);

/* squared[q], q < REGION_QUERIES: the squared distance of query q to box `box`, with a relative error below 1e-5. query: SKETCH_DIMS x
 * REGION_QUERIES, the sketches' numbers side by side. */
enum { REGION_QUERIES = 128 };
void regions_distance(float squared[REGION_QUERIES], const struct regions *r, size_t box, const float *query);
#endif
