/* Fuzzes image_decode (PNG, JPEG, BMP, Netpbm), then what imgcat does with what it decoded: a raster or a
 * reason, and nothing else. */
#include "fuzz.h"
#include "dataset/decode.h"
#include "image/colour.h"
#include "image/orient.h"
#include "image/resize.h"
#include <stdlib.h>

static void fit(const struct raster *in, unsigned orientation)
{
    struct geometry g;
    struct err e;
    struct raster upright = orient(in, orientation);
    if (raster_bytes(&upright) != raster_bytes(in))
        abort();
    raster_free(&upright);
    if (!geometry_of(&g, in->width, in->height, 16, 12, &e))
        return;
    struct raster small = resize_bilinear(in, &g), rgb = colour_rgb(&small);
    struct raster near = resize_nearest(in, &g), mask = colour_mask(&near);
    if (!raster_sane(rgb.width, rgb.height, rgb.channels, rgb.maxval) || mask.channels != 1)
        abort();
    raster_free(&small);
    raster_free(&rgb);
    raster_free(&near);
    raster_free(&mask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct raster r;
    struct err e = {""};
    struct codec_facts facts;
    fuzz_limit_memory();
    const bool decoded = image_decode(&r, &facts, data, size, &e);
    mem_limit(0); /* what follows takes as much again, and dies, as it should, where that isn't there */
    if (decoded) {
        fit(&r, facts.orientation);
        raster_free(&r);
    } else if (!e.text[0] || r.samples) {
        abort();
    }
    return 0;
}
