/* The pixels of augmentation: every operation against PIL and torchvision (tests/oracle/augment.py), the fast
 * inner loops against the plain ones. */
#include "base/file.h"
#include "base/mem.h"
#include "image/affine.h"
#include "image/enhance.h"
#include "image/resample.h"
#include "image/tone.h"
#include "stream/npys.h"
#include "tap.h"
#include "train/autoaugment.h"
#include <stdlib.h>
#include <string.h>

/* The formulas of tests/oracle/augment.py. */
static size_t formula(const char *kind, size_t x, size_t y, size_t k)
{
    if (!strcmp(kind, "colour"))
        return (x * 37 + y * 91 + k * 53 + x * y * 7) % 256;
    if (!strcmp(kind, "dust"))
        return (x * x + 3 * y) % 11 ? 0 : (60 + 29 * ((x + y) % 4)) >> k;
    return 40 + (x * 5 + y * 3 + k * 11) % 60 * (k < 2);
}

static struct raster picture(const char *kind, size_t w, size_t h)
{
    struct raster r = raster_new(w, h, 3, 255);
    uint8_t *p = r.samples;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            for (size_t k = 0; k < 3; k++)
                *p++ = (uint8_t)formula(kind, x, y, k);
    return r;
}

static const char *const op_names[] = {"ShearX",    "Rotate",   "Color",        "Contrast", "Sharpness",
                                       "Posterize", "Solarize", "AutoContrast", "Equalize", "Invert"};

static bool policy_op(struct raster *r, const char *name, size_t level, bool negative)
{
    struct raster spare = raster_new(r->width, r->height, 3, 255);
    bool known = false;
    for (size_t i = 0; i < 10; i++)
        if (!strcmp(name, op_names[i])) {
            autoaugment_apply(r, &spare, (enum autoaugment_op)i, (int)level, negative);
            known = true;
        }
    raster_free(&spare);
    return known;
}

static bool colour_op(struct raster *r, const char *name, double value)
{
    if (!strcmp(name, "brightness"))
        tone_brightness(r, value);
    else if (!strcmp(name, "contrast"))
        tone_contrast(r, value);
    else if (!strcmp(name, "saturation"))
        enhance_saturation(r, value);
    else if (!strcmp(name, "hue"))
        enhance_hue(r, value);
    else if (!strcmp(name, "grey"))
        enhance_grey(r);
    else
        return false;
    return true;
}

static void cropped(struct raster *r, const struct note *note, size_t side)
{
    struct window w;
    struct resample scratch = {0};
    struct raster out = raster_new(side, side, 3, 255);
    note_count(note, "x", &w.x);
    note_count(note, "y", &w.y);
    note_size(note, "window", &w.width, &w.height);
    resample_bilinear(&out, r, &w, &scratch);
    resample_free(&scratch);
    raster_free(r);
    *r = out;
}

static void blurred(struct raster *r, double sigma)
{
    struct resample scratch = {0};
    struct raster out = raster_new(r->width, r->height, 3, 255);
    resample_gaussian(&out, r, sigma, &scratch);
    resample_free(&scratch);
    raster_free(r);
    *r = out;
}

static double furthest(const struct raster *r, const struct tensor *t)
{
    double most = tensor_count(t) == raster_bytes(r) ? 0 : 999;
    for (size_t i = 0; most < 999 && i < raster_bytes(r); i++)
        most = worse(most, fabs(raster_get(r, i) - tensor_get(t, i)));
    return most;
}

/* Array i of a record: the positive magnitude, then the negative one. */
static void check(const struct npys_record *rec, size_t i)
{
    const char *name = note_get(&rec->note, "name"), *kind = note_get(&rec->note, "picture");
    const char *text = note_get(&rec->note, "value");
    const double value = text ? atof(text) : 0;
    size_t w, h, level = 0, allowed = 0;
    note_size(&rec->note, "size", &w, &h);
    note_count(&rec->note, "level", &level);
    struct raster r = picture(kind, w, h);
    if (!strcmp(name, "crop")) {
        cropped(&r, &rec->note, rec->array[i].dim[0]);
        allowed = 1;
    } else if (!strcmp(name, "blur")) {
        blurred(&r, value);
        allowed = 1;
    } else if (!policy_op(&r, name, level, i == 1) && !colour_op(&r, name, value))
        allowed = 999;
    const double most = furthest(&r, &rec->array[i]);
    ok(allowed < 999 && most <= (double)allowed, "%s of %s, level %s%zu, value %s: %s", name, kind,
       i ? "-" : "", level, text ? text : "-", allowed ? "one level from PIL's or torch's" : "PIL's bytes");
    if (most > (double)allowed)
        printf("# off by %g\n", most);
    raster_free(&r);
}

static void against_references(void)
{
    char *path = xprintf("%s/oracle/augment.npys", getenv("FERN_TESTS") ? getenv("FERN_TESTS") : "tests");
    FILE *f = file_open(path);
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    while (npys_read(r, &rec))
        for (size_t i = 0; i < rec.n; i++)
            check(&rec, i);
    ok(npys_reader_count(r) == 80, "all records were there");
    npys_record_free(&rec);
    npys_reader_free(r);
    file_close(f);
    free(path);
}

/* The plain inner loops give the bytes of the fast ones. */
static void kernels(void)
{
    uint8_t in[9 * 67], a[3], b[3];
    int16_t weight[10] = {3000, 1, 9000, 183, 1000, 3000, 0, 100, 100, 0}, sum[67], same[67], line[3 * 9 + 8];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * i * 31 >> 3);
    for (size_t i = 0; i < 3 * 9 + 8; i++)
        line[i] = (int16_t)(i * 7919 % 32641);
    bool equal = true;
    for (size_t count = 1; count <= 9; count++) {
        const struct resample_taps t = {0, count, weight};
        const int16_t next = weight[count];
        weight[count] = 0;
        resample_rows(sum, in, 67, 67, &t);
        resample_rows_plain(same, in, 67, 67, &t);
        resample_pixel(a, line, &t);
        resample_pixel_plain(b, line, &t);
        equal &= !memcmp(sum, same, sizeof sum) && !memcmp(a, b, 3);
        weight[count] = next;
    }
    ok(equal, "resampling: the SSE2 loops give the plain ones' bytes");
}

static void moves(void)
{
    struct raster r = picture("colour", 15, 8), s = picture("colour", 15, 8), t = picture("colour", 15, 8);
    const struct window whole = {0, 0, 15, 8};
    struct resample scratch = {0};
    affine_mirror(&r);
    ok(!memcmp((uint8_t *)r.samples + 3 * 14, s.samples, 3), "mirror: the first pixel is the last");
    affine_flip(&r);
    affine_rotate(&t, &s, 180);
    ok(!memcmp(r.samples, t.samples, raster_bytes(&r)), "mirror and flip are half a turn");
    affine_mirror(&r);
    affine_flip(&r);
    resample_bilinear(&t, &s, &whole, &scratch);
    ok(!memcmp(r.samples, s.samples, raster_bytes(&r)), "twice is nothing");
    ok(!memcmp(t.samples, s.samples, raster_bytes(&t)), "resampled to its own size: nothing");
    resample_free(&scratch);
    raster_free(&r), raster_free(&s), raster_free(&t);
}

int main(void)
{
    against_references();
    kernels();
    moves();
    return done();
}
