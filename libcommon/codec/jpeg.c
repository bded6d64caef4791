#include "codec/jpeg.h"
#include "base/mem.h"
#include "codec/exif.h"
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h> /* wants stdio.h and size_t before it */
#include <jerror.h>

/* Each scan of a progressive file goes over the whole image, so that a small file can ask for hours. Encoders
 * write about ten. */
enum { SCANS_MAX = 100 };

/* Stray bytes behind a scan are padding where they are few: cameras fill words. Many are what a damaged scan left over. */
enum { PADDING_MAX = 16 };

/* libjpeg's callbacks get a pointer to its first field, and find the rest of it here. */
struct jpeg_decoder {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    struct err *e;
    struct codec_facts *facts;
    bool scanning;      /* the header has been read */
    unsigned char *row; /* of CMYK; NULL otherwise */
};

bool jpeg_is(const unsigned char *data, size_t n)
{
    return n >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff;
}

static _Noreturn void fail(struct jpeg_decoder *d, const char *reason)
{
    err_set(d->e, "JPEG: %s", reason);
    longjmp(d->jump, 1);
}

static _Noreturn void on_error(j_common_ptr info)
{
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    fail((struct jpeg_decoder *)info, text);
}

/* Whether a warning leaves every sample what the encoder made it. All others mean that samples were made up. */
static bool harmless(const struct jpeg_decoder *d)
{
    switch (d->errors.msg_code) {
    case JWRN_JFIF_MAJOR:     /* a revision of JFIF that is not known: it is the header's */
    case JWRN_ADOBE_XFORM:    /* Adobe's colour transform has an unknown number: decoded as the usual one */
    case JWRN_NOT_SEQUENTIAL: /* the scan's header asks for what sequential files can't have, and is ignored */
        return true;
    case JWRN_EXTRANEOUS_DATA: /* stray bytes before a marker */
        return !d->scanning || d->errors.msg_parm.i[0] <= PADDING_MAX;
    default:
        return false;
    }
}

/* A warning has level -1. Traces are not wanted. */
static void on_message(j_common_ptr info, int level)
{
    struct jpeg_decoder *d = (struct jpeg_decoder *)info;
    char text[JMSG_LENGTH_MAX];
    if (level >= 0)
        return;
    if (!harmless(d))
        on_error(info);
    info->err->format_message(info, text);
    if (!d->facts->remark.text[0])
        err_set(&d->facts->remark, "JPEG: %s", text);
}

static void on_progress(j_common_ptr info)
{
    struct jpeg_decoder *d = (struct jpeg_decoder *)info;
    if (d->info.input_scan_number > SCANS_MAX)
        fail(d, "has too many scans");
}

static void create(struct jpeg_decoder *d)
{
    d->info.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->progress.progress_monitor = on_progress;
    jpeg_create_decompress(&d->info);
    d->info.progress = &d->progress;
    size_t available = mem_available();
    d->info.mem->max_memory_to_use = available < LONG_MAX ? (long)available : LONG_MAX;
}

/* The first marker APP1 that begins with "Exif". */
static void read_exif(struct jpeg_decoder *d)
{
    static const char head[6] = "Exif\0";
    for (jpeg_saved_marker_ptr m = d->info.marker_list; m; m = m->next)
        if (m->data_length > sizeof head && memcmp(m->data, head, sizeof head) == 0) {
            d->facts->orientation = exif_orientation(m->data + sizeof head, m->data_length - sizeof head);
            return;
        }
}

static void choose_colours(struct jpeg_decoder *d)
{
    switch (d->info.jpeg_color_space) {
    case JCS_GRAYSCALE:
        d->info.out_color_space = JCS_GRAYSCALE;
        break;
    case JCS_RGB:
    case JCS_YCbCr:
        d->info.out_color_space = JCS_RGB;
        break;
    case JCS_CMYK:
    case JCS_YCCK:
        d->info.out_color_space = JCS_CMYK;
        break;
    default:
        fail(d, "has an unknown colour space");
    }
}

/* a * b / 255, rounded. */
static unsigned scaled(unsigned a, unsigned b)
{
    unsigned t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

/* Adobe stores 255 - ink: a channel is what its ink and the black let through. */
static void cmyk_to_rgb(unsigned char *rgb, const unsigned char *cmyk, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++) {
            unsigned black = cmyk[4 * i + 3];
            rgb[3 * i + c] = (unsigned char)(black - scaled(255u - cmyk[4 * i + c], black));
        }
}

static void read_rows(struct jpeg_decoder *d, const struct raster *out)
{
    size_t row = out->width * out->channels;
    if (d->info.out_color_space == JCS_CMYK)
        d->row = xmalloc(out->width, 4);
    while (d->info.output_scanline < d->info.output_height) {
        unsigned char *to = (unsigned char *)out->samples + d->info.output_scanline * row;
        JSAMPROW into = d->row ? d->row : to;
        jpeg_read_scanlines(&d->info, &into, 1);
        if (d->row)
            cmyk_to_rgb(to, d->row, out->width);
    }
}

/* In a frame of its own, so that longjmp meets no changed local. */
static bool decode(struct jpeg_decoder *d, struct raster *out, const unsigned char *data, size_t n)
{
    if (setjmp(d->jump))
        return false;
    create(d);
    jpeg_mem_src(&d->info, data, n);
    jpeg_save_markers(&d->info, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&d->info, TRUE);
    read_exif(d);
    choose_colours(d);
    if (!raster_try_new(out, d->info.image_width, d->info.image_height,
                        d->info.out_color_space == JCS_GRAYSCALE ? 1 : 3, 255, d->e))
        return false;
    d->scanning = true;
    jpeg_start_decompress(&d->info);
    read_rows(d, out);
    jpeg_finish_decompress(&d->info);
    return true;
}

bool jpeg_decode(struct raster *out, struct codec_facts *facts, const unsigned char *data, size_t n,
                 struct err *e)
{
    struct jpeg_decoder d = {.e = e, .facts = facts};
    *out = (struct raster){0};
    *facts = (struct codec_facts){.orientation = 1, .lossy = true};
    bool done = decode(&d, out, data, n);
    jpeg_destroy_decompress(&d.info);
    free(d.row);
    if (!done)
        raster_free(out);
    return done;
}
