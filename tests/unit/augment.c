/* Augmentation: chances against their definitions; independence of ingredients, threads and order. */
#include "train/augment.h"
#include "base/mem.h"
#include "base/thread.h"
#include "tap.h"
#include "train/erase.h"
#include <stdlib.h>
#include <string.h>

static struct raster picture(size_t w, size_t h)
{
    struct raster r = raster_new(w, h, 3, 255);
    uint8_t *p = r.samples;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            for (size_t k = 0; k < 3; k++)
                *p++ = (uint8_t)(x * 37 + y * 91 + k * 53 + x * y * 7);
    return r;
}

static void crops(void)
{
    const struct crop_range range = augment_ofdb(1).range;
    struct rng r = rng_new(5, 6);
    double area = 0, aspect = 0, least = 9, most = 0;
    bool inside = true;
    enum { DRAWS = 20000 };
    for (size_t i = 0; i < DRAWS; i++) {
        const struct window w = crop_resized(512, 512, &range, &r);
        const double share = (double)(w.width * w.height) / (512.0 * 512),
                     ratio = (double)w.width / (double)w.height;
        inside &= w.x + w.width <= 512 && w.y + w.height <= 512;
        area += share / DRAWS;
        aspect += log(ratio) / DRAWS;
        least = fmin(least, share);
        most = worse(most, fabs(log(ratio)));
    }
    ok(inside, "resized crops lie inside");
    /* Area a is U(.08, 1), log aspect U(-l, l) with l = log 4/3; in a square a try is lost where |log aspect|
     * > -log a, which can be from a = 3/4 on. */
    const double l = log(4.0 / 3), certain = 0.75 - 0.08, rest = (0.25 - 0.75 * l) / l;
    const double sum = (0.75 * 0.75 - 0.08 * 0.08) / 2 + (0.25 - 0.75 * 0.75 * (l / 2 + 0.25)) / l;
    ok_close(area, sum / (certain + rest), 0.005, "their mean area");
    ok_close(aspect, 0, 0.005, "their mean log aspect");
    ok(least > 0.079 && least < 0.09 && most < log(4.0 / 3) + 0.02, "area and aspect in range");
    struct window w = crop_resized(100, 10, &range, &r);
    ok(w.width <= 100 && w.height <= 10, "a long picture");
    const struct crop_range never = {2, 2, 0.75, 4.0 / 3};
    w = crop_resized(100, 10, &never, &r);
    ok(w.x == 43 && w.width == 13 && w.y == 0 && w.height == 10, "no try fits: the middle, 4 to 3");
    w = crop_resized(30, 100, &never, &r);
    ok(w.x == 0 && w.width == 30 && w.y == 30 && w.height == 40, "upright: 3 to 4");
    w = crop_resized(50, 50, &never, &r);
    ok(w.width == 50 && w.height == 50, "square: all of it");
    size_t seen = 0;
    for (size_t i = 0; i < 200; i++)
        seen |= (size_t)1 << crop_start(12, 8, &r) | (size_t)1 << (16 - crop_start(8, 12, &r));
    ok(seen == 0x1f001f, "random crops start anywhere");
}

static void erasing(void)
{
    const struct crop_range range = augment_ofdb(1).erase_range;
    struct rng r = rng_new(7, 8);
    struct window w = {0};
    double area = 0, least = 9, most = 0;
    bool inside = true;
    for (size_t i = 0; i < 20000; i++) {
        inside &= erase_window(&w, 224, 224, &range, &r) && w.x + w.width <= 224 && w.y + w.height <= 224;
        const double share = (double)(w.width * w.height) / (224.0 * 224);
        area += share / 20000;
        least = fmin(least, share);
        most = worse(most, share);
    }
    ok(inside && least > 0.019 && least < 0.022 && most > 0.32 && most < 0.332, "holes: .02 to .33, inside");
    ok_close(area, 0.175, 0.003, "mean area of a hole");
    const struct crop_range all = {1, 1, 1, 1};
    ok(!erase_window(&w, 30, 30, &all, &r), "a hole as large as the image is none");
}

enum { SIDE = 24, HALO = 3, IMAGES = 40 };

static struct view batch_new(size_t n)
{
    struct view v = {NULL, n, SIDE, SIDE, 3, HALO, DT_F32, 0};
    v.data = xcalloc(view_size(&v), sizeof(float));
    return v;
}

static struct augment_options everything(void)
{
    struct augment_options o = augment_ofdb(SIDE);
    o.flip = 0.5;
    o.jitter = (struct colour_jitter){0.8, 0.4, 0.4, 0.4, 0.1};
    o.grey = 0.2;
    o.blur = 0.5;
    return o;
}

static const size_t shapes[4][3] = {{40, 30, 3}, {24, 24, 3}, {17, 90, 1}, {50, 9, 4}};

struct job {
    struct view batch;
    struct raster source[4];
    struct augment_options options;
    size_t last; /* images in reverse order */
    struct augment_workspace *workspace[POOL_MAX];
};

static void augment_one(void *arg, size_t task, size_t worker)
{
    struct job *job = arg;
    const size_t i = job->last ? job->last - task : task;
    augment_image(&job->batch, i, &job->source[i % 4], &job->options, 11, 3, i, job->workspace[worker]);
}

static void threads(void)
{
    struct job job = {.options = everything()};
    for (size_t i = 0; i < 4; i++) {
        struct raster rgb = picture(shapes[i][0] * shapes[i][2], shapes[i][1]);
        job.source[i] = raster_new(shapes[i][0], shapes[i][1], shapes[i][2], i == 2 ? 200 : 255);
        for (size_t k = 0; k < raster_bytes(&job.source[i]); k++)
            ((uint8_t *)job.source[i].samples)[k] = ((uint8_t *)rgb.samples)[k] % 200;
        raster_free(&rgb);
    }
    for (size_t i = 0; i < pool_size(); i++)
        job.workspace[i] = augment_workspace_new(SIDE);
    struct view one = batch_new(IMAGES), two = batch_new(IMAGES);
    job.batch = one;
    for (size_t i = 0; i < IMAGES; i++)
        augment_one(&job, i, 0);
    job.batch = two;
    job.last = IMAGES - 1;
    pool_run(IMAGES, augment_one, &job);
    ok(!memcmp(one.data, two.data, view_size(&one) * sizeof(float)), "any threads, any order: the same bits");
    struct view framed = batch_new(IMAGES);
    for (size_t i = 0; i < IMAGES; i++) {
        float *image = xmalloc(SIDE * SIDE * 3, sizeof *image);
        view_copy_out(image, &two, i);
        view_copy_in(&framed, i, image);
        free(image);
    }
    ok(!memcmp(framed.data, two.data, view_size(&two) * sizeof(float)), "the frame stays zero");
    for (size_t i = 0; i < pool_size(); i++)
        augment_workspace_free(job.workspace[i]);
    for (size_t i = 0; i < 4; i++)
        raster_free(&job.source[i]);
    free(one.data), free(two.data), free(framed.data);
}

/* Image 0 of a batch for index i. */
static void image_of(const struct view *v, const struct raster *in, const struct augment_options *o, size_t i,
                     struct augment_workspace *w)
{
    augment_image(v, 0, in, o, 1, 2, i, w);
}

static bool is_hole(const struct view *v, size_t pixel)
{
    const float *p = view_at(v, 0, (ptrdiff_t)(pixel / SIDE), (ptrdiff_t)(pixel % SIDE));
    return p[0] == 0 && p[1] == 0 && p[2] == 0;
}

static bool has_hole(const struct view *v)
{
    bool has = false;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        has |= is_hole(v, i);
    return has;
}

static bool same_holes(const struct view *a, const struct view *b)
{
    bool same = true;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        same &= is_hole(a, i) == is_hole(b, i);
    return same;
}

/* Erasing with and without the other ingredients. */
static void holes(void)
{
    struct raster in = picture(61, 47);
    struct augment_workspace *w = augment_workspace_new(SIDE);
    struct view a = batch_new(1), b = batch_new(1);
    struct augment_options all = everything(), few = augment_ofdb(SIDE);
    few.autoaugment = false;
    few.mirror = 0;
    all.norm = few.norm = (struct normalisation){{-1, -1, -1}, {1, 1, 1}}; /* only a hole is zero */
    bool same = true;
    size_t count = 0;
    for (size_t i = 0; i < 60; i++) {
        image_of(&a, &in, &all, i, w);
        image_of(&b, &in, &few, i, w);
        same &= same_holes(&a, &b);
        count += has_hole(&b);
    }
    ok(same, "holes are the same with the other ingredients off");
    ok(count > 18 && count < 42, "about half the images have one");
    image_of(&a, &in, &all, 1, w);
    augment_image(&b, 0, &in, &all, 1, 3, 1, w);
    ok(memcmp(a.data, b.data, view_size(&a) * sizeof(float)) != 0, "another epoch, another image");
    augment_workspace_free(w);
    free(a.data), free(b.data);
    raster_free(&in);
}

/* A grey image is the luma of the one that is not, so both were cut out alike. */
static void greys(void)
{
    struct raster in = picture(61, 47);
    struct augment_workspace *w = augment_workspace_new(SIDE);
    struct view a = batch_new(1), b = batch_new(1);
    struct augment_options colour = augment_ofdb(SIDE), grey;
    colour.autoaugment = false;
    colour.erase = 0;
    colour.norm = (struct normalisation){{0, 0, 0}, {1 / 255.0, 1 / 255.0, 1 / 255.0}};
    grey = colour;
    grey.grey = 1;
    bool same = true;
    for (size_t i = 0; i < 60; i++) {
        image_of(&a, &in, &grey, i, w);
        image_of(&b, &in, &colour, i, w);
        const float *p = view_at(&a, 0, 5, 7), *q = view_at(&b, 0, 5, 7);
        const double luma = 0.299 * q[0] + 0.587 * q[1] + 0.114 * q[2];
        same &= p[0] == p[1] && p[1] == p[2] && fabs(p[0] - luma) < 0.51;
    }
    ok(same, "crops and mirrors are the same with grey on");
    augment_workspace_free(w);
    free(a.data), free(b.data);
    raster_free(&in);
}

/* A smaller picture, continued: every pixel of the crop is where reflection or blackness puts it. */
static void borders(void)
{
    struct raster in = picture(7, 30);
    struct augment_workspace *w = augment_workspace_new(SIDE);
    struct view v = batch_new(1);
    struct augment_options o = augment_paper(SIDE);
    o.norm = (struct normalisation){{0, 0, 0}, {1 / 255.0, 1 / 255.0, 1 / 255.0}};
    bool black = true, mirrored = true;
    for (size_t i = 0; i < 20; i++) {
        size_t filled = 0;
        o.border = BORDER_BLACK;
        image_of(&v, &in, &o, i, w);
        for (ptrdiff_t x = 0; x < SIDE; x++) {
            double sum = 0;
            for (ptrdiff_t y = 0; y < SIDE; y++)
                sum += view_at(&v, 0, y, x)[1];
            filled += sum > 0;
        }
        black &= filled == 7;
        o.border = BORDER_REFLECT;
        image_of(&v, &in, &o, i, w);
        for (ptrdiff_t y = 0; y < SIDE; y++)
            for (ptrdiff_t x = 0; x + 12 < SIDE; x++) /* period 2 * (7 - 1) */
                mirrored &= view_at(&v, 0, y, x)[2] == view_at(&v, 0, y, x + 12)[2];
    }
    ok(black, "7 pixels wide in 24: 7 columns are not black");
    ok(mirrored, "reflected: it repeats every 12");
    augment_workspace_free(w);
    free(v.data);
    raster_free(&in);
}

int main(void)
{
    pool_start(3);
    crops();
    erasing();
    threads();
    holes();
    greys();
    borders();
    return done();
}
