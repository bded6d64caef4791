/* An image in memory: rows of interleaved samples, 8 bit or 16 bit in host order. The one picture type of
 * codecs, streams and image operations. Whoever holds a raster frees it with raster_free. */
#ifndef BASE_RASTER_H
#define BASE_RASTER_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raster {
    size_t width, height;
    size_t channels; /* 1 grey, 2 grey+alpha, 3 RGB, 4 RGB+alpha */
    size_t maxval;   /* 1..65535; samples are uint8_t up to 255, else uint16_t */
    void *samples;   /* height * width * channels, no padding */
};

/* Sides and bytes that a reader accepts: 65,535 pixels a side, 2^30 samples in all. */
enum { RASTER_SIDE_MAX = 65535 };
#define RASTER_SAMPLES_MAX ((size_t)1 << 30)

/* Bytes of a sample: 1 or 2. */
size_t raster_depth(const struct raster *r);
/* Samples of the whole raster times raster_depth. */
size_t raster_bytes(const struct raster *r);
/* True when sides, channels and maxval are in range and the product is below the cap. */
int raster_sane(size_t width, size_t height, size_t channels, size_t maxval);
/* Uncleared memory for a sane raster. */
struct raster raster_new(size_t width, size_t height, size_t channels, size_t maxval);
/* The same for decoders: false with a reason where raster_new dies (out of range, out of memory). */
bool raster_try_new(struct raster *out, size_t width, size_t height, size_t channels, size_t maxval,
                    struct err *e);
void raster_free(struct raster *r);
/* Sample i whatever the depth. */
static inline uint16_t raster_get(const struct raster *r, size_t i)
{
    return r->maxval > 255 ? ((const uint16_t *)r->samples)[i] : ((const uint8_t *)r->samples)[i];
}
#endif
