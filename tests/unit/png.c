/* codec/png: what is encoded decodes to the same samples, at every level; every cut is an error. */
#include "base/raster.h"
#include "codec/png.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static struct raster pattern(size_t channels, size_t maxval)
{
    struct raster r = raster_new(37, 23, channels, maxval);
    size_t n = r.width * r.height * channels;
    for (size_t i = 0; i < n; i++)
        if (maxval > 255)
            ((uint16_t *)r.samples)[i] = (uint16_t)(i * 40503u);
        else
            ((uint8_t *)r.samples)[i] = (uint8_t)(i * 157u >> 2);
    return r;
}

static void there_and_back(void)
{
    for (size_t maxval = 255; maxval <= 65535; maxval += 65280)
        for (size_t channels = 1; channels <= 3; channels += 2)
            for (int level = 0; level <= 9; level += 3) {
                struct raster a = pattern(channels, maxval), b;
                struct err e = {""};
                struct codec_facts facts;
                size_t n;
                unsigned char *data = png_encode(&a, level, &n);
                ok(png_is(data, n) && png_decode(&b, &facts, data, n, &e) && b.width == a.width &&
                       b.height == a.height && b.channels == channels && b.maxval == maxval &&
                       memcmp(a.samples, b.samples, raster_bytes(&a)) == 0,
                   "%zu channels, maxval %zu, level %d %s", channels, maxval, level, e.text);
                raster_free(&a);
                raster_free(&b);
                free(data);
            }
}

static void alpha_is_dropped(void)
{
    struct raster a = pattern(4, 255), b;
    struct err e = {""};
    struct codec_facts facts;
    size_t n;
    unsigned char *data = png_encode(&a, 6, &n);
    bool same = png_decode(&b, &facts, data, n, &e) && b.channels == 3;
    for (size_t i = 0; same && i < a.width * a.height; i++)
        same = memcmp((uint8_t *)a.samples + 4 * i, (uint8_t *)b.samples + 3 * i, 3) == 0;
    ok(same, "alpha is dropped, colours stay");
    raster_free(&a);
    raster_free(&b);
    free(data);
}

static void cuts(void)
{
    struct raster a = pattern(3, 255), b;
    struct err e = {""};
    struct codec_facts facts;
    size_t n, accepted = 0;
    unsigned char *data = png_encode(&a, 9, &n);
    for (size_t cut = 0; cut < n; cut++) {
        unsigned char *part = malloc(cut + 1); /* its own block, so that a sanitizer sees a read beyond */
        memcpy(part, data, cut);
        if (png_decode(&b, &facts, part, cut, &e)) {
            accepted++;
            raster_free(&b);
        }
        free(part);
    }
    ok(accepted == 0, "every cut is an error");
    raster_free(&a);
    free(data);
}

int main(void)
{
    there_and_back();
    alpha_is_dropped();
    cuts();
    return done();
}
