#include "train/hold.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An image's shape and labels; its samples lie in memory, or at `offset` of the spool. */
struct held {
    struct sample sample;
    off_t offset;
};

struct hold {
    struct held *image;
    size_t n, capacity, bytes, limit;
    FILE *spool;
    off_t end;
    struct hash hash;
};

struct hold *hold_new(size_t limit)
{
    struct hold *h = xcalloc(1, sizeof *h);
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

static void spool_image(struct hold *h, struct held *held, const struct raster *r)
{
    if (!h->spool)
        h->spool = spool_open();
    held->offset = h->end;
    file_write(r->samples, raster_bytes(r), h->spool, "the spool of training images");
    h->end += (off_t)raster_bytes(r);
}

void hold_add(struct hold *h, const struct sample *s)
{
    const size_t bytes = raster_bytes(&s->raster);
    struct held held = {.sample = *s};
    held.sample.index = h->n;
    held.sample.raster.samples = NULL;
    if (h->bytes + bytes <= h->limit) {
        raster_copy(&held.sample.raster, &s->raster);
        h->bytes += bytes;
    } else {
        spool_image(h, &held, &s->raster);
    }
    hash_add(&h->hash, s->raster.samples, bytes);
    hash_add(&h->hash, s->label, s->labels * sizeof *s->label);
    h->image = xgrow(h->image, h->n, &h->capacity, sizeof *h->image);
    h->image[h->n++] = held;
}

size_t hold_count(const struct hold *h)
{
    return h->n;
}

static void spool_read(const struct hold *h, off_t offset, const struct raster *r)
{
    const size_t bytes = raster_bytes(r);
    size_t done = 0;
    while (done < bytes) {
        const ssize_t n =
            pread(fileno(h->spool), (char *)r->samples + done, bytes - done, offset + (off_t)done);
        if (n <= 0)
            die("the spool of training images:");
        done += (size_t)n;
    }
}

void hold_get(struct hold *h, size_t i, struct sample *out)
{
    const struct held *held = &h->image[i];
    struct raster raster = out->raster;
    *out = held->sample;
    out->raster = raster;
    if (held->sample.raster.samples) {
        raster_copy(&out->raster, &held->sample.raster);
        return;
    }
    if (fflush(h->spool))
        die("the spool of training images:");
    shape_like(&out->raster, &held->sample.raster);
    spool_read(h, held->offset, &out->raster);
}

uint64_t hold_hash(const struct hold *h)
{
    return hash_value(&h->hash);
}

void hold_free(struct hold *h)
{
    for (size_t i = 0; i < h->n; i++)
        raster_free(&h->image[i].sample.raster);
    if (h->spool)
        fclose(h->spool);
    free(h->image);
    free(h);
}
