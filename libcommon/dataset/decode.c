#include "dataset/decode.h"
#include "base/file.h"
#include "codec/bmp.h"
#include "codec/jpeg.h"
#include "codec/png.h"
#include "stream/image.h"
#include <stdlib.h>
#include <string.h>

/* The largest file worth reading: every sample that a raster may hold, written out as 16 bit, and a header. */
#define FILE_MAX (2 * RASTER_SAMPLES_MAX + ((size_t)1 << 20))

static const struct {
    const char *magic;
    size_t at, n;
    const char *name;
} unread[] = {
    {"II*\0", 0, 4, "TIFF"},
    {"MM\0*", 0, 4, "TIFF"},
    {"GIF8", 0, 4, "GIF"},
    {"WEBP", 8, 4, "WebP"},
    {"ftypavif", 4, 8, "AVIF"},
    {"ftypheic", 4, 8, "HEIF"},
    {"\0\0\0\fjP  ", 0, 8, "JPEG 2000"},
    {"\xff\x4f\xff\x51", 0, 4, "JPEG 2000"},
    {"8BPS", 0, 4, "Photoshop"},
};

/* "P1" to "P7" */
static bool is_netpbm(const unsigned char *data, size_t n)
{
    return n >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7' && strchr(" \t\r\n#", data[2]) &&
           data[2];
}

static bool unknown(const unsigned char *data, size_t n, struct err *e)
{
    if (n == 0)
        return err_set(e, "is empty");
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        if (n >= unread[i].at + unread[i].n && memcmp(data + unread[i].at, unread[i].magic, unread[i].n) == 0)
            return err_set(e, "is a %s image; PNG, JPEG, BMP and Netpbm are read", unread[i].name);
    return err_set(e, "is not an image (PNG, JPEG, BMP or Netpbm)");
}

bool image_decode(struct raster *out, struct codec_facts *facts, const unsigned char *data, size_t n,
                  struct err *e)
{
    *out = (struct raster){0};
    *facts = (struct codec_facts){.orientation = 1};
    if (png_is(data, n))
        return png_decode(out, facts, data, n, e);
    if (jpeg_is(data, n))
        return jpeg_decode(out, facts, data, n, e);
    if (bmp_is(data, n))
        return bmp_decode(out, data, n, e);
    if (!is_netpbm(data, n))
        return unknown(data, n, e);
    return image_decode_netpbm(out, data, n, e);
}

bool image_load(struct raster *out, struct codec_facts *facts, const char *path, struct err *e)
{
    unsigned char *data;
    size_t n;
    *out = (struct raster){0};
    if (!file_slurp(path, FILE_MAX, &data, &n, e))
        return false;
    bool done = image_decode(out, facts, data, n, e);
    free(data);
    return done;
}

bool image_is_stream(const char *path)
{
    unsigned char magic[3];
    FILE *f = fopen(path, "rbe");
    size_t n = f ? fread(magic, 1, sizeof magic, f) : 0;
    if (f)
        fclose(f);
    return is_netpbm(magic, n);
}
