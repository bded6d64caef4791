/* A finite set of labelled images as bytes: in memory, from a limit on in an unlinked file. */
#ifndef TRAIN_HOLD_H
#define TRAIN_HOLD_H
#include "train/feed.h"

struct hold;
/* limit: bytes of images in memory. */
struct hold *hold_new(size_t limit);
void hold_add(struct hold *h, const struct sample *s);
size_t hold_count(const struct hold *h);
/* Sample i; its raster gets memory of its own when it is of another size than before. */
void hold_get(struct hold *h, size_t i, struct sample *out);
/* XXH64 over samples and labels. */
uint64_t hold_hash(const struct hold *h);
void hold_free(struct hold *h);

/* Makes *to a copy of a raster, reusing its memory where it fits. */
void raster_copy(struct raster *to, const struct raster *from);
#endif
