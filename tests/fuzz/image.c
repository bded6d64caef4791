/* Image streams, and single images from memory. */
#include "fuzz.h"
#include "stream/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct image im = {0};
    struct raster one = {0};
    struct err e;
    fuzz_limit_memory();
    FILE *f = fuzz_open(data, n);
    struct image_reader *r = image_reader_new(f, "fuzz");
    while (image_try_read(r, &im, &e) > 0)
        for (size_t i = 0; i < im.raster.width * im.raster.height * im.raster.channels; i++)
            fuzz_use(raster_get(&im.raster, i));
    image_free(&im);
    image_reader_free(r);
    fclose(f);
    if (image_decode_netpbm(&one, data, n, &e))
        raster_free(&one);
    return 0;
}
