#include "base/err.h"
#include "codec/jpeg.h"
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h> /* wants stdio.h and size_t before it */

/* Into memory nothing fails but memory itself. */
static void fail(j_common_ptr info)
{
    char reason[JMSG_LENGTH_MAX];
    info->err->format_message(info, reason);
    die("JPEG: %s", reason);
}

static void write_rows(struct jpeg_compress_struct *info, const struct raster *r)
{
    const size_t row = r->width * r->channels;
    while (info->next_scanline < info->image_height) {
        JSAMPROW samples = (JSAMPROW)r->samples + row * info->next_scanline;
        jpeg_write_scanlines(info, &samples, 1);
    }
}

unsigned char *jpeg_encode(const struct raster *r, int quality, size_t *n)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long count = 0;
    if (r->maxval != 255 || (r->channels != 1 && r->channels != 3))
        die("JPEG: %zu channels up to %zu can't be written", r->channels, r->maxval);
    info.err = jpeg_std_error(&errors);
    errors.error_exit = fail;
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &count);
    info.image_width = (JDIMENSION)r->width;
    info.image_height = (JDIMENSION)r->height;
    info.input_components = (int)r->channels;
    info.in_color_space = r->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    info.dct_method = JDCT_ISLOW; /* whole numbers: the same bytes on every CPU */
    jpeg_start_compress(&info, TRUE);
    write_rows(&info, r);
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    *n = count;
    return bytes;
}
