/* codec/ and dataset/decode against tests/oracle/images.py: what each kind of file holds; that every cut is
 * an error; that damage and absurd claims end in a reason or a picture, never worse. */
#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "dataset/decode.h"
#include "image/colour.h"
#include "image/orient.h"
#include "codec/exif.h"
#include "stream/npys.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static const char *folder;

static unsigned char *slurp(const char *name, size_t *n)
{
    struct err e;
    unsigned char *data;
    char *path = xprintf("%s/oracle/images/%s", folder, name);
    if (!file_slurp(path, 1 << 20, &data, n, &e))
        die("%s: %s", path, e.text);
    free(path);
    return data;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0;
}

/* The largest difference of a sample; 256 when the shapes differ. */
static int difference(const struct raster *r, const struct tensor *want)
{
    if (r->height != want->dim[0] || r->width != want->dim[1] || want->dim[2] != 3)
        return 256;
    struct raster rgb = colour_rgb(r);
    const uint8_t *a = rgb.samples, *b = want->data;
    int most = 0;
    for (size_t i = 0; i < tensor_count(want); i++)
        most = abs(a[i] - b[i]) > most ? abs(a[i] - b[i]) : most;
    raster_free(&rgb);
    return most;
}

static void check_picture(const char *name, const unsigned char *data, size_t n, const struct tensor *want)
{
    struct raster r;
    struct err e = {""};
    struct codec_facts facts;
    bool read = image_decode(&r, &facts, data, n, &e);
    int most = read ? difference(&r, want) : 256;
    /* JPEG leaves the decoder some freedom */
    ok(most <= (has_suffix(name, ".jpg") ? 2 : 0), "%s holds what it should", name);
    if (most)
        printf("# difference %d %s\n", most, e.text);
    if (read)
        raster_free(&r);
}

/* The bytes at the end that a file can do without: padding, the end mark of complete run lengths, a newline. */
static size_t spare(const char *name)
{
    return has_suffix(name, ".bmp") ? 4 : has_suffix(name, "p3.ppm") || has_suffix(name, "p1.pbm") ? 4 : 0;
}

static void check_cuts(const char *name, const unsigned char *data, size_t n)
{
    size_t accepted = 0;
    for (size_t cut = 0; cut + spare(name) < n; cut++) {
        struct raster r;
        struct err e = {""};
        struct codec_facts facts;
        unsigned char *part = xmalloc(cut, 1); /* its own block, so that a sanitizer sees a read beyond */
        memcpy(part, data, cut);
        if (image_decode(&r, &facts, part, cut, &e)) {
            accepted++;
            raster_free(&r);
        } else if (!e.text[0]) {
            accepted++;
        }
        free(part);
    }
    ok(accepted == 0, "%s: every cut is an error", name);
}

static void check_damage(const char *name, const unsigned char *data, size_t n, uint64_t stream)
{
    struct rng rng = rng_new(7, stream);
    size_t pictures = 0;
    for (int round = 0; round < 60; round++) {
        struct raster r;
        struct err e = {""};
        struct codec_facts facts;
        unsigned char *copy = xmalloc(n, 1);
        memcpy(copy, data, n);
        for (int i = 0; i < 1 + round % 4; i++)
            copy[rng_below(&rng, n)] = (unsigned char)rng_u32(&rng);
        if (image_decode(&r, &facts, copy, n, &e)) {
            pictures += raster_sane(r.width, r.height, r.channels, r.maxval);
            raster_free(&r);
        }
        free(copy);
    }
    ok(pictures <= 60, "%s: damaged 60 times", name);
}

static void against_oracle(void)
{
    char *path = xprintf("%s/oracle/images.npys", folder);
    FILE *f = file_open(path);
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    while (npys_read(r, &rec)) {
        const char *name = note_get(&rec.note, "name");
        size_t n;
        unsigned char *data = slurp(name, &n);
        check_picture(name, data, n, &rec.array[0]);
        check_cuts(name, data, n);
        check_damage(name, data, n, npys_reader_count(r));
        free(data);
    }
    ok(npys_reader_count(r) == 59, "59 kinds of file");
    npys_record_free(&rec);
    npys_reader_free(r);
    file_close(f);
    free(path);
}

/* `data` is refused with a reason that holds `word`. */
static void refused(const unsigned char *data, size_t n, const char *word, const char *what)
{
    struct raster r;
    struct err e = {""};
    struct codec_facts facts;
    bool read = image_decode(&r, &facts, data, n, &e);
    if (!ok(!read && strstr(e.text, word), "%s", what))
        printf("# %s\n", e.text);
    if (read)
        raster_free(&r);
}

static void put32(unsigned char *p, uint32_t big_endian)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(big_endian >> (24 - 8 * i));
}

/* CRC-32 as PNG wants it. */
static uint32_t crc(const unsigned char *p, size_t n)
{
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    }
    return ~c;
}

/* Small files that claim to be large. Sides beyond a raster's are refused, others before memory is taken. */
static void claims(void)
{
    size_t n;
    unsigned char *png = slurp("rgb8.png", &n);
    put32(png + 16, 30000);
    put32(png + 20, 10000);
    put32(png + 29, crc(png + 12, 17));
    refused(png, n, "claims more pixels", "a PNG of 300 million pixels in 1 KB");
    put32(png + 16, 70000);
    put32(png + 20, 1);
    put32(png + 29, crc(png + 12, 17));
    refused(png, n, "out of range", "a PNG 70,000 pixels wide");
    free(png);

    unsigned char *bmp = slurp("rle8.bmp", &n);
    memcpy(bmp + 18, "\xff\xff\0\0\xff\xff\0", 8);
    refused(bmp, n, "out of range", "a BMP of 65535 x 65535");
    memcpy(bmp + 18, "\0\x40\0\0\0\x40\0", 8);
    mem_limit((size_t)100 << 20);
    refused(bmp, n, "more memory than there is", "a BMP of 16384 x 16384 within 100 MB");
    mem_limit(0);
    free(bmp);
}

static void strangers(void)
{
    refused((const unsigned char *)"", 0, "is empty", "nothing");
    refused((const unsigned char *)"GIF89a", 6, "GIF", "GIF is named");
    refused((const unsigned char *)"II*\0....", 8, "TIFF", "TIFF is named");
    refused((const unsigned char *)"hello, world", 12, "not an image", "text");
    struct raster r;
    struct err e = {""};
    struct codec_facts facts;
    ok(!image_load(&r, &facts, folder, &e) && strstr(e.text, "directory"), "a folder: %s", e.text);
    ok(!image_load(&r, &facts, "/no/such/file", &e) && strstr(e.text, "No such file"), "no file: %s", e.text);
}

/* Orientation told by the codecs and honoured by image/orient, against PIL's exif_transpose. */
static void orientations(void)
{
    char *path = xprintf("%s/oracle/orient.npys", folder);
    FILE *f = file_open(path);
    struct npys_reader *reader = npys_reader_new(f, path);
    struct npys_record rec = {0};
    while (npys_read(reader, &rec)) {
        const char *name = note_get(&rec.note, "name");
        char *file = xprintf("%s/oracle/orient/%s", folder, name);
        struct raster r;
        struct codec_facts facts = {0};
        struct err e = {""};
        int most = 256;
        unsigned want = (unsigned)(name[0] - '0');
        if (ok(image_load(&r, &facts, file, &e) && facts.orientation == (want > 8 ? 1 : want),
               "%s: orientation %u", name, want)) {
            struct raster upright = orient(&r, facts.orientation);
            most = difference(&upright, &rec.array[0]);
            raster_free(&upright);
        }
        ok(most <= (has_suffix(name, ".jpg") ? 2 : 0), "%s: as PIL turns it", name);
        raster_free(&r);
        free(file);
    }
    ok(npys_reader_count(reader) == 18, "18 orientations");
    npys_record_free(&rec);
    npys_reader_free(reader);
    file_close(f);
    free(path);
}

/* 16-bit samples and several channels are turned as whole pixels; twice a mirror, or four quarter turns, is nothing. */
static void orientations_of_pixels(void)
{
    static const unsigned back[] = {1, 2, 3, 4, 5, 8, 7, 6};
    bool same = true;
    for (size_t channels = 1; channels <= 4; channels++)
        for (size_t maxval = 255; maxval <= 65535; maxval += 65280)
            for (unsigned o = 1; o <= 8; o++) {
                struct raster r = raster_new(5, 3, channels, maxval);
                for (size_t i = 0; i < raster_bytes(&r); i++)
                    ((uint8_t *)r.samples)[i] = (uint8_t)(i * 37);
                struct raster turned = orient(&r, o), again = orient(&turned, back[o - 1]);
                same &= again.width == 5 && again.height == 3 &&
                        memcmp(r.samples, again.samples, raster_bytes(&r)) == 0;
                same &= o == 1 || memcmp(r.samples, turned.samples, raster_bytes(&r)) != 0;
                raster_free(&r);
                raster_free(&turned);
                raster_free(&again);
            }
    ok(same, "turned there and back, every depth");
}

/* EXIF that makes no sense is no orientation, wherever it is cut or changed. */
static void broken_exif(void)
{
    static const unsigned char exif[] = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0";
    size_t n = 8 + 2 + 12, told = 0, wrong = 0;
    ok(exif_orientation(exif, n) == 6, "EXIF by hand");
    for (size_t cut = 0; cut < n; cut++) {
        unsigned char *part = xmalloc(cut, 1);
        memcpy(part, exif, cut);
        told += exif_orientation(part, cut) != 1;
        free(part);
    }
    ok(told == 0, "cut anywhere, it tells nothing");
    for (size_t i = 0; i < n; i++)
        for (unsigned value = 0; value < 256; value++) {
            unsigned char *copy = xmalloc(n, 1);
            memcpy(copy, exif, n);
            copy[i] = (unsigned char)value;
            unsigned o = exif_orientation(copy, n);
            wrong += o < 1 || o > 8;
            free(copy);
        }
    ok(wrong == 0, "changed anywhere, it tells 1 to 8");
}

/* `data` holds the samples of `want`, and a remark with `word` in it. */
static void remarked(const unsigned char *data, size_t n, const struct raster *want, const char *word,
                     const char *what)
{
    struct raster r;
    struct err e = {""};
    struct codec_facts facts = {0};
    bool read = image_decode(&r, &facts, data, n, &e);
    bool same = read && raster_bytes(&r) == raster_bytes(want) &&
                memcmp(r.samples, want->samples, raster_bytes(want)) == 0;
    if (!ok(same && strstr(facts.remark.text, word) && !!*facts.remark.text == !!*word, "%s", what))
        printf("# %s %s\n", e.text, facts.remark.text);
    if (read)
        raster_free(&r);
}

/* n bytes put in before place `at` of the data; *size grows. */
static unsigned char *with_bytes(const unsigned char *data, size_t *size, size_t at, size_t n,
                                 unsigned char byte)
{
    unsigned char *out = xmalloc(*size + n, 1);
    memcpy(out, data, at);
    memset(out + at, byte, n);
    memcpy(out + at + n, data + at, *size - at);
    *size += n;
    return out;
}

/* What libjpeg warns of: remarks where no sample is touched, errors where samples were made up. */
static void jpeg_warnings(void)
{
    enum { APP0_END = 20 };
    size_t n, size;
    struct raster want;
    struct err e = {""};
    struct codec_facts facts;
    unsigned char *data = slurp("jfif-1.01.jpg", &n), *copy;
    ok(image_decode(&want, &facts, data, n, &e), "the JPEG that the others are compared with");
    remarked(data, n, &want, "", "it is remarked upon by nothing");
    copy = slurp("jfif-0.02.jpg", &size);
    remarked(copy, size, &want, "JFIF revision", "JFIF 0.02");
    free(copy);
    copy = slurp("extraneous-before-sos.jpg", &size);
    remarked(copy, size, &want, "extraneous", "stray bytes before the scan");
    free(copy);
    size = n;
    copy = with_bytes(data, &size, n - 2, 12, 0);
    remarked(copy, size, &want, "extraneous", "12 bytes of padding behind the scan");
    free(copy);
    size = n;
    copy = with_bytes(data, &size, n - 2, 40, 7);
    refused(copy, size, "extraneous", "40 bytes that a scan left over");
    free(copy);
    size = n;
    copy = with_bytes(data, &size, APP0_END, 40, 7);
    remarked(copy, size, &want, "extraneous", "40 stray bytes in the header");
    free(copy);
    memcpy(data + n - 4, "\xff\xd9", 2);
    refused(data, n - 2, "premature end", "a scan cut by the end mark");
    free(data);
    raster_free(&want);

    data = slurp("444.jpg", &n);
    ok(image_decode(&want, &facts, data, n, &e), "a JPEG of three colours");
    static const unsigned char adobe[] = {0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 7};
    memcpy(data + 2, adobe, sizeof adobe); /* APP14, with a transform of 7, in the place of JFIF's APP0 */
    memmove(data + 2 + sizeof adobe, data + APP0_END, n - APP0_END);
    remarked(data, n + 2 + sizeof adobe - APP0_END, &want, "Adobe", "Adobe's transform 7");
    free(data);
    raster_free(&want);
}

int main(void)
{
    folder = getenv("FERN_TESTS") ? getenv("FERN_TESTS") : "tests";
    against_oracle();
    claims();
    strangers();
    orientations();
    orientations_of_pixels();
    broken_exif();
    jpeg_warnings();
    return done();
}
