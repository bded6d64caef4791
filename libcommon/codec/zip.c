#include "codec/zip.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    END_SIZE = 22,     /* the end of the directory, without its comment */
    LOCATOR_SIZE = 20, /* where the zip64 end is */
    END64_SIZE = 56,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    COMMENT_MAX = 65535,
    FLAG_ENCRYPTED = 1,
    EXTRA_ZIP64 = 1,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    NAME_SHOWN = 100 /* bytes of a name in messages */
};

/* Deflate can't make a byte of more than 1032 (zlib's technical notes); what claims more is a lie. */
enum { DEFLATE_RATIO = 1032 };

static unsigned u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t u64(const unsigned char *p)
{
    return u32(p) | (uint64_t)u32(p + 4) << 32;
}

/* The end-of-directory record, searched backwards past a comment; NULL where there is none. */
static const unsigned char *find_end(const unsigned char *data, size_t n)
{
    for (size_t back = END_SIZE; back <= n && back <= END_SIZE + COMMENT_MAX; back++)
        if (memcmp(data + n - back, "PK\5\6", 4) == 0 && u16(data + n - back + 20) == back - END_SIZE)
            return data + n - back;
    return NULL;
}

/* Where the directory is and how many entries it has. */
struct directory {
    uint64_t start, size, entries;
};

/* The zip64 end, which a locator right before the ordinary end points to; untouched *d where there is none. */
static bool read_end64(struct directory *d, const unsigned char *data, size_t end, struct err *e)
{
    if (end < LOCATOR_SIZE || memcmp(data + end - LOCATOR_SIZE, "PK\6\7", 4) != 0)
        return true;
    uint64_t at = u64(data + end - LOCATOR_SIZE + 8);
    if (at > end - LOCATOR_SIZE || end - LOCATOR_SIZE - at < END64_SIZE ||
        memcmp(data + at, "PK\6\6", 4) != 0)
        return err_set(e, "zip: the zip64 end of the directory is not where its locator says");
    *d = (struct directory){
        .entries = u64(data + at + 32), .size = u64(data + at + 40), .start = u64(data + at + 48)};
    return true;
}

static bool read_end(struct directory *d, const unsigned char *data, size_t n, struct err *e)
{
    const unsigned char *end = find_end(data, n);
    if (!end)
        return err_set(e, "zip: no end of the directory: the file was cut");
    *d = (struct directory){.entries = u16(end + 10), .size = u32(end + 12), .start = u32(end + 16)};
    size_t at = (size_t)(end - data);
    if (!read_end64(d, data, at, e))
        return false;
    if (d->start > at || d->size > at - d->start || d->entries > d->size / CENTRAL_SIZE)
        return err_set(e, "zip: the directory reaches beyond the file");
    return true;
}

/* One 64-bit value of the zip64 field replaces a 32-bit one that is all ones, in order. */
static bool widen(uint64_t *value, const unsigned char **p, const unsigned char *end)
{
    if (*value != UINT32_MAX)
        return true;
    if (end - *p < 8)
        return false;
    *value = u64(*p);
    *p += 8;
    return true;
}

static bool read_extra(const unsigned char *p, size_t n, uint64_t *size, uint64_t *packed, uint64_t *start)
{
    while (n >= 4) {
        size_t length = u16(p + 2);
        if (length > n - 4)
            return true; /* padding of other writers */
        if (u16(p) == EXTRA_ZIP64) {
            const unsigned char *field = p + 4, *end = field + length;
            return widen(size, &field, end) && widen(packed, &field, end) && widen(start, &field, end);
        }
        p += 4 + length;
        n -= 4 + length;
    }
    return true;
}

/* Entry i at p, of which `left` bytes are there; *used is its length. */
static bool read_entry(struct zip_entry *entry, const unsigned char *p, size_t left, size_t i, size_t *used,
                       struct err *e)
{
    if (left < CENTRAL_SIZE || memcmp(p, "PK\1\2", 4) != 0)
        return err_set(e, "zip: entry %zu of the directory is damaged", i);
    size_t name = u16(p + 28), extra = u16(p + 30), comment = u16(p + 32);
    *used = CENTRAL_SIZE + name + extra + comment;
    if (*used > left)
        return err_set(e, "zip: entry %zu of the directory is cut", i);
    if (u16(p + 8) & FLAG_ENCRYPTED)
        return err_set(e, "zip: entry %zu is encrypted", i);
    uint64_t packed = u32(p + 20), size = u32(p + 24), start = u32(p + 42);
    if (!read_extra(p + CENTRAL_SIZE + name, extra, &size, &packed, &start) || size > SIZE_MAX ||
        packed > SIZE_MAX)
        return err_set(e, "zip: entry %zu lacks its 64-bit sizes", i);
    *entry = (struct zip_entry){.name = (const char *)p + CENTRAL_SIZE,
                                .length = name,
                                .start = (size_t)start,
                                .packed = (size_t)packed,
                                .size = (size_t)size,
                                .method = u16(p + 10),
                                .crc = u32(p + 16)};
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct zip_entry *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->name, y->name, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static bool read_directory(struct zip *z, const struct directory *d, struct err *e)
{
    const unsigned char *p = z->data + d->start;
    size_t left = (size_t)d->size;
    for (size_t i = 0; i < z->entries; i++) {
        size_t used = 0;
        if (!read_entry(&z->entry[i], p, left, i, &used, e))
            return false;
        p += used;
        left -= used;
    }
    qsort(z->entry, z->entries, sizeof *z->entry, compare);
    for (size_t i = 1; i < z->entries; i++)
        if (compare(&z->entry[i - 1], &z->entry[i]) == 0)
            return err_set(e, "zip: a name occurs twice");
    return true;
}

bool zip_looks(const unsigned char *data, size_t n)
{
    return n >= 4 && memcmp(data, "PK\3\4", 4) == 0;
}

bool zip_open(struct zip *z, const unsigned char *data, size_t n, struct err *e)
{
    struct directory d = {0};
    *z = (struct zip){.data = data, .n = n};
    if (!read_end(&d, data, n, e))
        return false;
    z->entries = (size_t)d.entries;
    z->entry = xcalloc(z->entries, sizeof *z->entry);
    if (read_directory(z, &d, e))
        return true;
    zip_close(z);
    return false;
}

void zip_close(struct zip *z)
{
    free(z->entry);
    *z = (struct zip){0};
}

const struct zip_entry *zip_find(const struct zip *z, const char *prefix, size_t prefix_length,
                                 const char *name, size_t name_length)
{
    char *whole = xmalloc(prefix_length + name_length, 1);
    memcpy(whole, prefix, prefix_length);
    memcpy(whole + prefix_length, name, name_length);
    struct zip_entry key = {.name = whole, .length = prefix_length + name_length};
    const struct zip_entry *found = bsearch(&key, z->entry, z->entries, sizeof key, compare);
    free(whole);
    return found;
}

/* Inflates into out->n bytes, piecewise: zlib counts in 32 bits. */
static bool inflate_all(struct zip_bytes *out, const unsigned char *packed, size_t packed_n)
{
    enum { PIECE = 1 << 30 };
    z_stream s = {.next_in = (unsigned char *)packed, .next_out = out->owned};
    size_t in_left = packed_n, out_left = out->n;
    int status = Z_OK;
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK)
        die("out of memory in zlib");
    while (status == Z_OK) {
        uInt in = (uInt)(in_left < PIECE ? in_left : PIECE),
             room = (uInt)(out_left < PIECE ? out_left : PIECE);
        s.avail_in = in;
        s.avail_out = room;
        status = inflate(&s, Z_NO_FLUSH);
        in_left -= in - s.avail_in;
        out_left -= room - s.avail_out;
    }
    inflateEnd(&s);
    return status == Z_STREAM_END && in_left == 0 && out_left == 0;
}

static bool inflate_entry(struct zip_bytes *out, const struct zip_entry *entry, const unsigned char *packed)
{
    if (entry->size / DEFLATE_RATIO > entry->packed)
        return false;
    out->owned = xaligned(entry->size ? entry->size : 1, 1);
    out->data = out->owned;
    if (inflate_all(out, packed, entry->packed))
        return true;
    zip_release(out);
    return false;
}

static bool check_crc(const struct zip_bytes *b, uint32_t want)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), b->data, b->n) == want;
}

bool zip_unpack(struct zip_bytes *out, const struct zip *z, const struct zip_entry *entry, size_t cap,
                struct err *e)
{
    int shown = (int)(entry->length < NAME_SHOWN ? entry->length : NAME_SHOWN);
    const char *name = entry->name;
    *out = (struct zip_bytes){.n = entry->size};
    if (entry->start > z->n || z->n - entry->start < LOCAL_SIZE ||
        memcmp(z->data + entry->start, "PK\3\4", 4) != 0)
        return err_set(e, "zip: %.*s: no local header where the directory says", shown, name);
    const unsigned char *local = z->data + entry->start;
    size_t skip = LOCAL_SIZE + u16(local + 26) + u16(local + 28), left = z->n - entry->start;
    if (skip > left || entry->packed > left - skip)
        return err_set(e, "zip: %.*s reaches beyond the file", shown, name);
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED)
        return err_set(e, "zip: %.*s: compression method %u is not read", shown, name, entry->method);
    if (entry->method == METHOD_STORED && entry->packed != entry->size)
        return err_set(e, "zip: %.*s: is stored with another size", shown, name);
    if (entry->method == METHOD_DEFLATED && entry->size > cap)
        return err_set(e, "zip: %.*s: unpacks to more than %zu bytes", shown, name, cap);
    out->data = local + skip;
    if (entry->method == METHOD_DEFLATED && !inflate_entry(out, entry, local + skip))
        return err_set(e, "zip: %.*s: the deflated data are damaged", shown, name);
    if (check_crc(out, entry->crc))
        return true;
    zip_release(out);
    return err_set(e, "zip: %.*s: the CRC is wrong: the file was damaged", shown, name);
}

void zip_release(struct zip_bytes *b)
{
    free(b->owned);
    *b = (struct zip_bytes){0};
}
