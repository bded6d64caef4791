/* A finite set of labelled images as bytes: in memory, from a limit on in an unlinked file. */
#ifndef TRAIN_HELD_SET_H
#define TRAIN_HELD_SET_H
#include "train/feed.h"

struct held_set;
/* limit: bytes of images in memory. */
struct held_set *held_set_new(size_t limit);
void held_set_add(struct held_set *h, const struct feed_sample *s);
size_t held_set_count(const struct held_set *h);
/* Sample i; its raster gets memory of its own when it is of another size than before. */
void held_set_get(struct held_set *h, size_t i, struct feed_sample *out);
/* XXH64 over samples and labels. */
uint64_t held_set_hash(const struct held_set *h);
void held_set_free(struct held_set *h);

/* Makes *to a copy of a raster, reusing its memory where it fits. */
void raster_copy(struct raster *to, const struct raster *from);
#endif
