#include "base/raster.h"
#include "base/mem.h"
#include <stdlib.h>

size_t raster_depth(const struct raster *r)
{
    return r->maxval > 255 ? 2 : 1;
}

size_t raster_bytes(const struct raster *r)
{
    return r->width * r->height * r->channels * raster_depth(r);
}

int raster_sane(size_t width, size_t height, size_t channels, size_t maxval)
{
    return width >= 1 && width <= RASTER_SIDE_MAX && height >= 1 && height <= RASTER_SIDE_MAX &&
           channels >= 1 && channels <= 4 && maxval >= 1 && maxval <= 65535 &&
           width * height * channels <= RASTER_SAMPLES_MAX;
}

bool raster_try_new(struct raster *out, size_t width, size_t height, size_t channels, size_t maxval,
                    struct err *e)
{
    struct raster r = {width, height, channels, maxval, NULL};
    if (!raster_sane(width, height, channels, maxval))
        return err_set(e, "%zu x %zu pixels of %zu channels are out of range", width, height, channels);
    if (raster_bytes(&r) > mem_available())
        return err_set(e, "%zu x %zu pixels need more memory than there is", width, height);
    r.samples = xaligned(raster_bytes(&r), 1);
    *out = r;
    return true;
}

struct raster raster_new(size_t width, size_t height, size_t channels, size_t maxval)
{
    struct raster r;
    struct err e;
    if (!raster_try_new(&r, width, height, channels, maxval, &e))
        die("an image: %s", e.text);
    return r;
}

void raster_free(struct raster *r)
{
    free(r->samples);
    *r = (struct raster){0};
}
