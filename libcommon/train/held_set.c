#include "train/held_set.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/spool.h"
#include <stdlib.h>
#include <string.h>

/* An image's shape and labels; its samples lie in memory, or at `offset` of the spool. */
struct held_image {
    struct feed_sample sample;
    uint64_t offset;
};

struct held_set {
    struct held_image *image;
    size_t n, capacity, bytes, limit;
    struct spool *spool; /* NULL while all fits in memory */
    struct hash hash;
};

struct held_set *held_set_new(size_t limit)
{
    struct held_set *h = xcalloc(1, sizeof *h);
    h->limit = limit;
    hash_init(&h->hash);
    return h;
}

static bool same_shape(const struct raster *a, const struct raster *b)
{
    return a->samples && a->width == b->width && a->height == b->height && a->channels == b->channels &&
           a->maxval == b->maxval;
}

static void shape_like(struct raster *to, const struct raster *from)
{
    if (same_shape(to, from))
        return;
    raster_free(to);
    *to = raster_new(from->width, from->height, from->channels, from->maxval);
}

void raster_copy(struct raster *to, const struct raster *from)
{
    shape_like(to, from);
    memcpy(to->samples, from->samples, raster_bytes(from));
}

void held_set_add(struct held_set *h, const struct feed_sample *s)
{
    const size_t bytes = raster_bytes(&s->raster);
    struct held_image held = {.sample = *s};
    held.sample.index = h->n;
    held.sample.raster.samples = NULL;
    if (h->bytes + bytes <= h->limit) {
        raster_copy(&held.sample.raster, &s->raster);
        h->bytes += bytes;
    } else {
        if (!h->spool)
            h->spool = spool_new("training images");
        held.offset = spool_size(h->spool);
        spool_add(h->spool, s->raster.samples, bytes);
    }
    hash_add(&h->hash, s->raster.samples, bytes);
    hash_add(&h->hash, s->label, s->labels * sizeof *s->label);
    h->image = xgrow(h->image, h->n, &h->capacity, sizeof *h->image);
    h->image[h->n++] = held;
}

size_t held_set_count(const struct held_set *h)
{
    return h->n;
}

void held_set_get(struct held_set *h, size_t i, struct feed_sample *out)
{
    const struct held_image *held = &h->image[i];
    struct raster raster = out->raster;
    *out = held->sample;
    out->raster = raster;
    if (held->sample.raster.samples) {
        raster_copy(&out->raster, &held->sample.raster);
        return;
    }
    shape_like(&out->raster, &held->sample.raster);
    spool_read(h->spool, out->raster.samples, raster_bytes(&out->raster), held->offset);
}

uint64_t held_set_hash(const struct held_set *h)
{
    return hash_value(&h->hash);
}

void held_set_free(struct held_set *h)
{
    for (size_t i = 0; i < h->n; i++)
        raster_free(&h->image[i].sample.raster);
    spool_free(h->spool);
    free(h->image);
    free(h);
}
