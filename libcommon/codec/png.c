#include "codec/png.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/exif.h"
#include <png.h>
#include <stdlib.h>
#include <string.h>

/* The bytes still to be decoded, and where the reason goes. */
struct png_source {
    const unsigned char *data;
    size_t left;
    struct err *e;
};

bool png_is(const unsigned char *data, size_t n)
{
    return n >= 8 && png_sig_cmp(data, 0, 8) == 0;
}

static _Noreturn void on_decode_error(png_structp png, png_const_charp text)
{
    struct png_source *s = png_get_error_ptr(png);
    err_set(s->e, "PNG: %s", text);
    png_longjmp(png, 1);
}

/* libpng warns of things that leave the pixels alone (a bad sRGB profile); what touches them is an error. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void take_bytes(png_structp png, png_bytep out, size_t n)
{
    struct png_source *s = png_get_io_ptr(png);
    if (n > s->left)
        png_error(png, "cut short");
    memcpy(out, s->data, n);
    s->data += n;
    s->left -= n;
}

/* Text, profiles and the like are skipped unread: they can't change a pixel, and can be made to inflate. EXIF is read. */
static void skip_ancillary(png_structp png)
{
    static const png_byte names[] = "iCCP\0iTXt\0tEXt\0zTXt\0sPLT\0hIST\0tIME\0pCAL\0sCAL";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

static void ask_for_plain_samples(png_structp png, png_infop info)
{
    const uint16_t one = 1;
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    else if (png_get_bit_depth(png, info) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_bit_depth(png, info) == 16 && *(const unsigned char *)&one == 1)
        png_set_swap(png);
    png_set_strip_alpha(png);
}

/* Deflate shrinks at most 1032:1, so a file can't hold more than that; one that claims to is refused before
 * memory is taken. */
static void check_claim(png_structp png, png_infop info, size_t file_bytes)
{
    size_t claim;
    if (!mem_mul(png_get_rowbytes(png, info), png_get_image_height(png, info), &claim) ||
        claim / 1032 > file_bytes)
        png_error(png, "claims more pixels than its bytes can hold");
}

static void read_rows(png_structp png, const struct raster *out, int passes)
{
    size_t row = raster_bytes(out) / out->height;
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < out->height; y++)
            png_read_row(png, (png_bytep)out->samples + y * row, NULL);
}

static void read_exif(png_structp png, png_infop info, struct codec_facts *facts)
{
    png_uint_32 n = 0;
    png_bytep data = NULL;
    if (png_get_eXIf_1(png, info, &n, &data))
        facts->orientation = exif_orientation(data, n);
}

/* In a frame of its own, so that longjmp meets no changed local. */
static bool decode(png_structp png, png_infop info, struct raster *out, struct codec_facts *facts,
                   struct png_source *s)
{
    if (setjmp(png_jmpbuf(png)))
        return false;
    size_t file_bytes = s->left;
    png_set_read_fn(png, s, take_bytes);
    skip_ancillary(png);
    png_read_info(png, info);
    read_exif(png, info, facts);
    check_claim(png, info, file_bytes);
    ask_for_plain_samples(png, info);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t maxval = png_get_bit_depth(png, info) == 16 ? 65535 : 255;
    if (!raster_try_new(out, png_get_image_width(png, info), png_get_image_height(png, info),
                        png_get_channels(png, info), maxval, s->e))
        return false;
    if (png_get_rowbytes(png, info) * out->height != raster_bytes(out))
        png_error(png, "unexpected row size");
    read_rows(png, out, passes);
    png_read_end(png, NULL);
    return true;
}

bool png_decode(struct raster *out, struct codec_facts *facts, const unsigned char *data, size_t n,
                struct err *e)
{
    struct png_source s = {data, n, e};
    *out = (struct raster){0};
    *facts = (struct codec_facts){.orientation = 1};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, on_decode_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool done = info ? decode(png, info, out, facts, &s) : err_set(e, "PNG: out of memory");
    png_destroy_read_struct(&png, &info, NULL);
    if (!done)
        raster_free(out);
    return done;
}

/* The bytes encoded so far. */
struct png_sink {
    unsigned char *data;
    size_t n, capacity;
};

static void put_bytes(png_structp png, png_bytep data, size_t n)
{
    struct png_sink *s = png_get_io_ptr(png);
    if (n > s->capacity - s->n) {
        s->capacity = 2 * s->capacity + n;
        s->data = xrealloc(s->data, s->capacity, 1);
    }
    memcpy(s->data + s->n, data, n);
    s->n += n;
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

/* Memory apart, nothing can go wrong with a raster that was checked. */
static _Noreturn void on_encode_error(png_structp png, png_const_charp text)
{
    (void)png;
    die("PNG: %s", text);
}

static void write_rows(png_structp png, const struct raster *r)
{
    const uint16_t one = 1;
    size_t row = raster_bytes(r) / r->height;
    if (r->maxval > 255 && *(const unsigned char *)&one == 1)
        png_set_swap(png);
    for (size_t y = 0; y < r->height; y++)
        png_write_row(png, (png_const_bytep)r->samples + y * row);
}

unsigned char *png_encode(const struct raster *r, int level, size_t *n)
{
    static const int colour[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                 PNG_COLOR_TYPE_RGB_ALPHA};
    struct png_sink s = {0};
    if (!raster_sane(r->width, r->height, r->channels, r->maxval) || (r->maxval != 255 && r->maxval != 65535))
        die("PNG: cannot hold %zu x %zu x %zu with maxval %zu", r->width, r->height, r->channels, r->maxval);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_encode_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        die("PNG: out of memory");
    png_set_write_fn(png, &s, put_bytes, flush_nothing);
    png_set_compression_level(png, level);
    png_set_IHDR(png, info, (png_uint_32)r->width, (png_uint_32)r->height, (int)(8 * raster_depth(r)),
                 colour[r->channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    write_rows(png, r);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    *n = s.n;
    return s.data;
}

void png_write(FILE *f, const char *label, const struct raster *r, int level)
{
    size_t n;
    unsigned char *data = png_encode(r, level, &n);
    file_write(data, n, f, label);
    free(data);
}
