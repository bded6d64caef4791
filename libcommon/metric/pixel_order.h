/* All pixels of several runs (pixel_run.h) in the order of their scores, highest first, group by group: a group is all that
 * have one score.
 *
 *     struct pixel_order *o = pixel_order_new(...);
 *     while (pixel_order_next(o, &group))
 *         while (pixel_order_region(o, &region)) ...     all of the group, before the next
 *
 * Pixels free of defects are counted: those whose keys lie in a window of WINDOW keys are read run by run into a table of keys,
 * which costs each the same however many the runs are. Those of regions, which are few, go through a heap of the runs, each
 * in its order and the runs in theirs: the order in which they were added. */
#ifndef METRIC_PIXEL_ORDER_H
#define METRIC_PIXEL_ORDER_H
#include "metric/pixel_run.h"

struct pixel_group {
    uint32_t key;
    const uint64_t *sound; /* pixels free of defects, by kind; the order's, until the next group */
};

struct pixel_order;
/* Of n runs on the spools or, where there are none, of `items` sorted pixels in memory. memory: bytes for buffers, of which
 * each run gets its part, 4 KB at least. */
struct pixel_order *pixel_order_new(const struct pixel_spools *spools, const struct pixel_run *run, size_t n,
                                    const uint64_t *item, size_t items, size_t kinds, size_t memory);
bool pixel_order_next(struct pixel_order *o, struct pixel_group *g);
bool pixel_order_region(struct pixel_order *o, uint32_t *region);
void pixel_order_free(struct pixel_order *o);
/* The most runs whose buffers fit such memory. */
size_t pixel_order_runs(size_t memory);
#endif
