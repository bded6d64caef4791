/* image/: resizing against torch and PIL (tests/oracle/resize.py), crops against torchvision's rules,
 * colours. */
#include "base/file.h"
#include "base/mem.h"
#include "image/colour.h"
#include "image/resize.h"
#include "stream/npys.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static void set_sample(struct raster *r, size_t i, size_t value)
{
    if (r->maxval > 255)
        ((uint16_t *)r->samples)[i] = (uint16_t)value;
    else
        ((uint8_t *)r->samples)[i] = (uint8_t)value;
}

/* The formula of tests/oracle/resize.py. */
static struct raster picture(size_t w, size_t h, size_t c, size_t maxval)
{
    struct raster r = raster_new(w, h, c, maxval);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            for (size_t k = 0; k < c; k++)
                set_sample(&r, (y * w + x) * c + k,
                           (x * 37 + y * 91 + k * 53 + x * y * 7) * (maxval == 255 ? 1 : 139) % (maxval + 1));
    return r;
}

static double furthest(const struct raster *r, const struct tensor *t, double unit)
{
    double most = 0;
    for (size_t i = 0; i < tensor_count(t); i++)
        most = worse(most, fabs(raster_get(r, i) - tensor_get(t, i) * unit));
    return most;
}

static void check_record(const struct npys_record *rec)
{
    size_t w, h, maxval, c = rec->array[0].dim[2];
    note_size(&rec->note, "size", &w, &h);
    note_count(&rec->note, "maxval", &maxval);
    struct geometry g = {.full_width = rec->array[0].dim[1], .full_height = rec->array[0].dim[0]};
    g.width = g.full_width;
    g.height = g.full_height;
    struct raster in = picture(w, h, c, maxval), smooth = resize_bilinear(&in, &g),
                  near = resize_nearest(&in, &g);
    double most = furthest(&smooth, &rec->array[0], 255);
    ok(most <= 0.5 + 2e-4, "%zux%zux%zu of %zu to %zux%zu: torch's, rounded", w, h, c, maxval, g.width,
       g.height);
    if (most > 0.5 + 2e-4)
        printf("# off by %g\n", most);
    ok(furthest(&near, &rec->array[1], 1) == 0, "nearest: the same pixels as torch's");
    if (rec->n == 3)
        ok(furthest(&smooth, &rec->array[2], 1) <= 1, "one level from PIL");
    raster_free(&in);
    raster_free(&smooth);
    raster_free(&near);
}

static void against_torch(void)
{
    char *path = xprintf("%s/oracle/resize.npys", getenv("FERN_TESTS") ? getenv("FERN_TESTS") : "tests");
    FILE *f = file_open(path);
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    while (npys_read(r, &rec))
        check_record(&rec);
    ok(npys_reader_count(r) == 21, "seven shapes, three kinds");
    npys_record_free(&rec);
    npys_reader_free(r);
    file_close(f);
    free(path);
}

/* A window is that part of the whole. */
static void windows(void)
{
    struct raster in = picture(61, 47, 3, 255);
    struct geometry whole = {30, 25, 0, 0, 30, 25}, part = {30, 25, 7, 11, 13, 9};
    struct raster a = resize_bilinear(&in, &whole), b = resize_bilinear(&in, &part);
    struct raster c = resize_nearest(&in, &whole), d = resize_nearest(&in, &part);
    bool same = true;
    for (size_t y = 0; y < part.height; y++) {
        size_t from = ((y + part.y) * 30 + part.x) * 3, to = y * 13 * 3;
        same &= memcmp((uint8_t *)a.samples + from, (uint8_t *)b.samples + to, 13 * 3) == 0;
        same &= memcmp((uint8_t *)c.samples + from, (uint8_t *)d.samples + to, 13 * 3) == 0;
    }
    ok(same, "a window is a part of the whole, to the bit");
    struct geometry own = {61, 47, 0, 0, 61, 47};
    struct raster e = resize_bilinear(&in, &own);
    ok(memcmp(e.samples, in.samples, raster_bytes(&in)) == 0, "the own size changes nothing");
    raster_free(&a), raster_free(&b), raster_free(&c), raster_free(&d), raster_free(&e), raster_free(&in);
}

static void flat(void)
{
    bool same = true;
    for (size_t value = 0; value < 256; value += 5) {
        struct raster in = raster_new(97, 31, 1, 255);
        memset(in.samples, (int)value, raster_bytes(&in));
        struct geometry g = {13, 44, 0, 0, 13, 44};
        struct raster out = resize_bilinear(&in, &g);
        for (size_t i = 0; i < raster_bytes(&out); i++)
            same &= raster_get(&out, i) == value;
        raster_free(&in);
        raster_free(&out);
    }
    ok(same, "a flat picture stays flat");
}

static bool is(const struct geometry *g, size_t fw, size_t fh, size_t x, size_t y, size_t w, size_t h)
{
    return g->full_width == fw && g->full_height == fh && g->x == x && g->y == y && g->width == w &&
           g->height == h;
}

/* torchvision: the long side is int(size * long / short), the corner int(round(rest / 2)), .5 to even. */
static void crops(void)
{
    struct geometry g;
    struct err e;
    ok(geometry_of(&g, 900, 700, 0, 0, &e) && is(&g, 900, 700, 0, 0, 900, 700), "nothing is asked");
    ok(geometry_of(&g, 900, 700, 256, 0, &e) && is(&g, 256, 256, 0, 0, 256, 256), "squashed");
    ok(geometry_of(&g, 900, 900, 256, 224, &e) && is(&g, 256, 256, 16, 16, 224, 224), "256c224");
    struct seen s = geometry_seen(&g, 900, 900);
    ok(s.x == 56.25 && s.y == 56.25 && s.width == 787.5 && s.height == 787.5,
       "256c224 of 900 sees 787.5 from 56.25");
    ok(geometry_of(&g, 1000, 700, 256, 224, &e) && is(&g, 365, 256, 70, 16, 224, 224),
       "365 - 224 = 141: 70.5 to 70");
    ok(geometry_of(&g, 700, 1002, 256, 223, &e) && is(&g, 256, 366, 16, 72, 223, 223),
       "33: 16.5 to 16; 143: 71.5 to 72");
    ok(geometry_of(&g, 300, 200, 0, 100, &e) && is(&g, 300, 200, 100, 50, 100, 100), "a crop alone");
    ok(!geometry_of(&g, 300, 90, 0, 100, &e), "a crop that is larger: %s", e.text);
    ok(!geometry_of(&g, 60000, 2, 256, 224, &e), "a side beyond all bounds: %s", e.text);
}

static void colours(void)
{
    struct raster ga = raster_new(2, 1, 2, 255), deep = raster_new(1, 1, 4, 65535),
                  ten = raster_new(2, 1, 1, 10);
    memcpy(ga.samples, "\x07\xff\x09\x00", 4);
    memcpy(deep.samples, (uint16_t[]){65535, 128, 129, 40000}, 8);
    memcpy(ten.samples, "\x03\x0a", 2);
    struct raster a = colour_rgb(&ga), b = colour_rgb(&deep), c = colour_rgb(&ten);
    ok(memcmp(a.samples, "\7\7\7\11\11\11", 6) == 0, "grey with alpha to RGB");
    ok(memcmp(b.samples, "\xff\0\1", 3) == 0, "16 bit: 128/257 rounds to 0, 129/257 to 1");
    ok(memcmp(c.samples, "\x4d\x4d\x4d\xff\xff\xff", 6) == 0, "3 of 10 is 76.5, rounded up");
    struct raster d = colour_mask(&deep), e = colour_mask(&ga), f = colour_mask(&ten);
    ok(raster_get(&d, 0) == 255 && raster_get(&e, 1) == 9 && raster_get(&f, 0) == 3,
       "masks keep their values, 255 at most, without alpha");
    struct raster *all[] = {&ga, &deep, &ten, &a, &b, &c, &d, &e, &f};
    for (size_t i = 0; i < 9; i++)
        raster_free(all[i]);
}

int main(void)
{
    against_torch();
    windows();
    flat();
    crops();
    colours();
    return done();
}
