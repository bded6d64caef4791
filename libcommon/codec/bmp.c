#include "codec/bmp.h"
#include <string.h>

enum { FILE_HEADER = 14, OS2_1 = 12, OS2_2_MIN = 16, OS2_2 = 64, V3 = 40, V3_MASKS = 52, V3_ALPHA = 56 };
enum { V4 = 108, V5 = 124 };
enum { RGB = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, ALPHABITFIELDS = 6 };

struct field {
    uint32_t mask, max;
    unsigned shift;
};

struct bmp {
    const unsigned char *data; /* the whole file */
    size_t n;
    size_t header; /* bytes of the second header, which tell its kind */
    size_t width, height, bits, compression, colours;
    bool top_down;
    const unsigned char *pixels; /* to the end of the file */
    size_t pixel_bytes;
    struct field field[3]; /* red, green, blue of 16 and 32 bit */
    unsigned char palette[256][3];
};

static unsigned u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return u16(p) | (uint32_t)u16(p + 2) << 16;
}

bool bmp_is(const unsigned char *data, size_t n)
{
    return n >= FILE_HEADER + 4 && data[0] == 'B' && data[1] == 'M';
}

static bool windows(const struct bmp *b)
{
    return b->header == V3 || b->header == V3_MASKS || b->header == V3_ALPHA || b->header == V4 ||
           b->header == V5;
}

static bool known_header(const struct bmp *b)
{
    return b->header == OS2_1 || windows(b) || (b->header >= OS2_2_MIN && b->header <= OS2_2);
}

static bool read_sizes(struct bmp *b, struct err *e)
{
    const unsigned char *p = b->data + FILE_HEADER;
    if (b->header == OS2_1) {
        b->width = u16(p + 4);
        b->height = u16(p + 6);
        b->bits = u16(p + 10);
        return true;
    }
    uint32_t height = u32(p + 8);
    b->top_down = height > INT32_MAX;
    b->width = u32(p + 4);
    b->height = b->top_down ? 0u - height : height;
    b->bits = u16(p + 14);
    b->compression = b->header >= 20 ? u32(p + 16) : RGB;
    b->colours = b->header >= 36 ? u32(p + 32) : 0;
    return b->top_down && (b->compression == RLE8 || b->compression == RLE4)
               ? err_set(e, "BMP: run lengths in a top-down image")
               : true;
}

static bool known_format(const struct bmp *b)
{
    switch (b->compression) {
    case RGB:
        return b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 || b->bits == 24 ||
               b->bits == 32;
    case RLE8:
        return b->bits == 8;
    case RLE4:
        return b->bits == 4;
    case BITFIELDS:
    case ALPHABITFIELDS:
        return windows(b) && (b->bits == 16 || b->bits == 32);
    default:
        return false;
    }
}

static bool set_field(struct field *f, uint32_t mask)
{
    *f = (struct field){.mask = mask};
    if (mask == 0)
        return true;
    while (!(mask >> f->shift & 1))
        f->shift++;
    f->max = mask >> f->shift;
    return (f->max & (f->max + 1)) == 0;
}

/* Masks lie in the header from V3_MASKS on, right behind a shorter one; *end is moved behind them. */
static bool read_fields(struct bmp *b, size_t *end, struct err *e)
{
    static const uint32_t usual[2][3] = {{0x7c00, 0x3e0, 0x1f}, {0xff0000, 0xff00, 0xff}};
    const unsigned char *p = b->data + FILE_HEADER + V3;
    bool given = b->compression == BITFIELDS || b->compression == ALPHABITFIELDS;
    if (given && b->header == V3)
        *end += b->compression == ALPHABITFIELDS ? 16 : 12;
    if (*end > b->n)
        return err_set(e, "BMP: cut short in its header");
    for (size_t c = 0; c < 3; c++)
        if (!set_field(&b->field[c], given ? u32(p + 4 * c) : usual[b->bits == 32][c]))
            return err_set(e, "BMP: a colour mask with gaps");
    return true;
}

static void read_palette(struct bmp *b, size_t start, size_t end)
{
    size_t entry = b->header == OS2_1 ? 3 : 4;
    size_t colours = (size_t)1 << b->bits;
    if (b->colours && b->colours < colours)
        colours = b->colours;
    for (size_t i = 0; i < colours && start + (i + 1) * entry <= end; i++)
        for (size_t c = 0; c < 3; c++)
            b->palette[i][c] = b->data[start + i * entry + 2 - c];
}

static bool read_header(struct bmp *b, struct err *e)
{
    size_t offset = u32(b->data + 10);
    b->header = u32(b->data + FILE_HEADER);
    size_t end = FILE_HEADER + b->header;
    if (!known_header(b))
        return err_set(e, "BMP: unknown header of %zu bytes", b->header);
    if (end > b->n)
        return err_set(e, "BMP: cut short in its header");
    if (!read_sizes(b, e))
        return false;
    if (!known_format(b))
        return err_set(e, "BMP: %zu bits with compression %zu are not supported", b->bits, b->compression);
    if ((b->bits == 16 || b->bits == 32) && !read_fields(b, &end, e))
        return false;
    if (offset < end || offset > b->n)
        return err_set(e, "BMP: its pixels lie outside the file");
    if (b->bits <= 8)
        read_palette(b, end, offset);
    b->pixels = b->data + offset;
    b->pixel_bytes = b->n - offset;
    return true;
}

static unsigned char field_value(const struct field *f, uint32_t pixel)
{
    uint64_t value = (pixel & f->mask) >> f->shift;
    return (unsigned char)(f->max ? (value * 255 + f->max / 2) / f->max : 0);
}

static void unpack_indexed(unsigned char *out, const unsigned char *in, const struct bmp *b)
{
    size_t per_byte = 8 / b->bits;
    for (size_t x = 0; x < b->width; x++) {
        size_t shift = 8 - b->bits * (x % per_byte + 1);
        size_t index = in[x / per_byte] >> shift & ((1u << b->bits) - 1);
        memcpy(out + 3 * x, b->palette[index], 3);
    }
}

static void unpack_fields(unsigned char *out, const unsigned char *in, const struct bmp *b)
{
    for (size_t x = 0; x < b->width; x++) {
        uint32_t pixel = b->bits == 16 ? u16(in + 2 * x) : u32(in + 4 * x);
        for (size_t c = 0; c < 3; c++)
            out[3 * x + c] = field_value(&b->field[c], pixel);
    }
}

static void unpack_bgr(unsigned char *out, const unsigned char *in, const struct bmp *b)
{
    for (size_t x = 0; x < b->width; x++)
        for (size_t c = 0; c < 3; c++)
            out[3 * x + c] = in[3 * x + 2 - c];
}

/* Row y of the picture, counted as the file does. */
static unsigned char *row_of(const struct raster *out, const struct bmp *b, size_t y)
{
    return (unsigned char *)out->samples + (b->top_down ? y : b->height - 1 - y) * b->width * 3;
}

static void unpack_rows(const struct raster *out, const struct bmp *b, size_t stride)
{
    for (size_t y = 0; y < b->height; y++) {
        const unsigned char *in = b->pixels + y * stride;
        unsigned char *to = row_of(out, b, y);
        if (b->bits <= 8)
            unpack_indexed(to, in, b);
        else if (b->bits == 24)
            unpack_bgr(to, in, b);
        else
            unpack_fields(to, in, b);
    }
}

/* Where the run-length decoder stands. */
struct bmp_cursor {
    size_t x, y;
};

/* Colours `first`, `second`, in turn, or the literal ones at in. */
static void put_run(const struct raster *out, const struct bmp *b, struct bmp_cursor *at, size_t count,
                    unsigned char pair)
{
    for (size_t i = 0; i < count; i++, at->x++) {
        size_t index = b->bits == 8 ? pair : i % 2 ? pair & 15 : pair >> 4;
        memcpy(row_of(out, b, at->y) + 3 * at->x, b->palette[index], 3);
    }
}

static void put_literals(const struct raster *out, const struct bmp *b, struct bmp_cursor *at, size_t count,
                         const unsigned char *in)
{
    for (size_t i = 0; i < count; i++, at->x++) {
        size_t index = b->bits == 8 ? in[i] : i % 2 ? in[i / 2] & 15 : in[i / 2] >> 4;
        memcpy(row_of(out, b, at->y) + 3 * at->x, b->palette[index], 3);
    }
}

static bool room(const struct bmp *b, const struct bmp_cursor *at, size_t count)
{
    return at->y < b->height && count <= b->width - at->x;
}

static bool run_past_edge(struct err *e)
{
    return err_set(e, "BMP: a run passes the edge");
}

/* Commands are pairs of bytes: count and colour, or 0 and: 0 end of row, 1 end of image, 2 a move, n
 * literals. */
static bool unpack_runs(const struct raster *out, const struct bmp *b, struct err *e)
{
    struct bmp_cursor at = {0, 0};
    size_t i = 0;
    while (b->pixel_bytes - i >= 2) {
        size_t count = b->pixels[i], value = b->pixels[i + 1];
        i += 2;
        if (count) {
            if (!room(b, &at, count))
                return run_past_edge(e);
            put_run(out, b, &at, count, (unsigned char)value);
        } else if (value == 0) {
            at = (struct bmp_cursor){0, at.y + 1};
        } else if (value == 1) {
            return true;
        } else if (value == 2) {
            if (b->pixel_bytes - i < 2)
                break;
            at.y += b->pixels[i + 1];
            if (!room(b, &at, b->pixels[i]))
                return run_past_edge(e);
            at.x += b->pixels[i];
            i += 2;
        } else {
            size_t bytes = (value * b->bits + 7) / 8;
            if (b->pixel_bytes - i < bytes)
                break;
            if (!room(b, &at, value))
                return run_past_edge(e);
            put_literals(out, b, &at, value, b->pixels + i);
            i += bytes + bytes % 2;
            if (i > b->pixel_bytes)
                break;
        }
    }
    bool complete = at.y >= b->height || (at.y == b->height - 1 && at.x == b->width);
    return complete ? true : err_set(e, "BMP: cut short");
}

static void fill(const struct raster *out, const unsigned char colour[3])
{
    size_t pixels = out->width * out->height;
    for (size_t i = 0; i < pixels; i++)
        memcpy((unsigned char *)out->samples + 3 * i, colour, 3);
}

bool bmp_decode(struct raster *out, const unsigned char *data, size_t n, struct err *e)
{
    struct bmp b = {.data = data, .n = n};
    *out = (struct raster){0};
    if (!bmp_is(data, n))
        return err_set(e, "BMP: wrong magic");
    if (!read_header(&b, e))
        return false;
    if (!raster_sane(b.width, b.height, 3, 255))
        return err_set(e, "BMP: %zu x %zu pixels are out of range", b.width, b.height);
    bool runs = b.compression == RLE8 || b.compression == RLE4;
    size_t row = (b.width * b.bits + 7) / 8, stride = (row + 3) / 4 * 4;
    if (!runs && (b.height - 1) * stride + row > b.pixel_bytes)
        return err_set(e, "BMP: cut short");
    if (!raster_try_new(out, b.width, b.height, 3, 255, e))
        return false;
    if (!runs) {
        unpack_rows(out, &b, stride);
        return true;
    }
    fill(out, b.palette[0]);
    bool done = unpack_runs(out, &b, e);
    if (!done)
        raster_free(out);
    return done;
}
