/* Labels at every cell: the loss against torch (tests/oracle/dense.py), in bf16 and with halos; labels go where augmentation and
 * mixing move their pixels. */
#include "train/dense_loss.h"
#include "base/file.h"
#include "base/mem.h"
#include "formula.h"
#include "stream/npys.h"
#include "tap.h"
#include "train/augment.h"
#include "train/mix.h"

enum { N = 3, H = 3, W = 4, C = 5, CELL = 8, ALL = N * H * W * C };

static struct view maps(size_t halo, enum dtype type)
{
    struct view v = {.n = N, .h = H, .w = W, .c = C, .halo = halo, .type = type};
    v.data = xcalloc(view_bytes(&v), 1);
    return v;
}

static void *number(const struct view *v, size_t i)
{
    char *pixel = view_pixel(v, i / (H * W * C), (ptrdiff_t)(i / (W * C) % H), (ptrdiff_t)(i / C % W));
    return pixel + i % C * (v->type == DT_BF16 ? 2 : 4);
}

static double get(const struct view *v, size_t i)
{
    const void *at = number(v, i);
    return v->type == DT_BF16 ? (double)bf16_to_f32(*(const uint16_t *)at) : (double)*(const float *)at;
}

static struct view logits(size_t halo, enum dtype type)
{
    const struct view v = maps(halo, type);
    for (size_t i = 0; i < ALL; i++) {
        const float x = (float)(4 * formula(formula_seed("dense"), i) - 2);
        if (type == DT_BF16)
            *(uint16_t *)number(&v, i) = f32_to_bf16(x);
        else
            *(float *)number(&v, i) = x;
    }
    return v;
}

/* The blocks of dense.py. */
static struct view planes(void)
{
    struct view v = {.n = N, .h = H * CELL, .w = W * CELL, .c = 1, .type = DT_F32};
    v.data = xcalloc(view_bytes(&v), 1);
    for (size_t n = 0; n < N; n++)
        for (size_t y = 0; y < v.h; y++)
            for (size_t x = 0; x < v.w; x++)
                *view_at(&v, n, (ptrdiff_t)y, (ptrdiff_t)x) = (float)((y / 7 * 3 + x / 13 + n) % (C + 1));
    return v;
}

static void against_torch(const struct npys_record *rec, enum dtype type)
{
    const struct view x = logits(2, type), gradient = maps(1, type), labels = planes();
    const double tolerance = type == DT_BF16 ? 1e-2 : 1e-6;
    const struct dense_loss got = loss_dense(&gradient, &x, &labels, 0.5);
    double off = 0, size = 0;
    for (size_t i = 0; i < ALL; i++) {
        off += pow(get(&gradient, i) - 0.5 * tensor_get(&rec->array[1], i), 2);
        size += pow(0.5 * tensor_get(&rec->array[1], i), 2);
    }
    const double loss = fabs(got.value / tensor_get(&rec->array[0], 0) - 1);
    const char *name = type == DT_BF16 ? "bf16" : "f32";
    ok(loss < tolerance && sqrt(off / size) < tolerance,
       "%s: torch's loss, off by %.2g of it; its gradient, by %.2g", name, loss, sqrt(off / size));
    ok(got.cells == (size_t)atoi(note_get(&rec->note, "cells")), "%s: as many cells count", name);
    ok(type == DT_BF16 || got.correct == (size_t)atoi(note_get(&rec->note, "correct")),
       "%s: as many are right", name);
    free(x.data), free(gradient.data), free(labels.data);
}

static void losses(void)
{
    char path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/dense.npys", tests ? tests : "tests");
    FILE *f = file_open(path);
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    if (ok(npys_read(r, &rec), "the dump is there")) {
        against_torch(&rec, DT_F32);
        against_torch(&rec, DT_BF16);
    }
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
    const struct view x = logits(0, DT_F32), gradient = logits(0, DT_F32), labels = planes();
    view_clear(&labels);
    const struct dense_loss none = loss_dense(&gradient, &x, &labels, 1);
    double most = 0;
    for (size_t i = 0; i < ALL; i++)
        most = worse(most, fabs(get(&gradient, i)));
    ok(none.value == 0 && none.cells == 0 && most == 0, "no labels: no loss, no gradient");
    free(x.data), free(gradient.data), free(labels.data);
}

enum { EDGE = 50 };

/* A picture whose colours say the label: blocks of label * 9. */
static struct raster telling(size_t width, size_t height)
{
    struct raster r = raster_new(width, height, 4, 255);
    uint8_t *p = r.samples;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++, p += 4) {
            p[3] = (uint8_t)(1 + (y / EDGE * 5 + x / EDGE * 3 + (y / EDGE) * (x / EDGE)) % 27);
            p[0] = p[1] = p[2] = (uint8_t)(9 * p[3]);
        }
    return r;
}

/* Away from edges the picture has the colour of its label. Returns the part of the pixels that has. */
static double agreement(const struct raster *in, const struct augment_options *o)
{
    const struct view image = {.n = 2,
                               .h = o->size,
                               .w = o->size,
                               .c = 3,
                               .type = DT_F32,
                               .data = xcalloc(2 * o->size * o->size * 3, sizeof(float))};
    const struct view labels = {.n = 2,
                                .h = o->size,
                                .w = o->size,
                                .c = 1,
                                .type = DT_F32,
                                .data = xcalloc(2 * o->size * o->size, sizeof(float))};
    struct augment_workspace *w = augment_workspace_new(o->size);
    size_t same = 0, all = 0;
    for (uint64_t index = 0; index < 20; index++) {
        augment_image(&image, 1, in, o, 7, 3, index, w);
        augment_labels(&labels, 1, in, o, 7, 3, index);
        for (ptrdiff_t y = 0; y < (ptrdiff_t)o->size; y++)
            for (ptrdiff_t x = 0; x < (ptrdiff_t)o->size; x++, all++)
                same += fabsf(view_at(&image, 1, y, x)[0] * 255 - 9 * *view_at(&labels, 1, y, x)) < 1.5f;
    }
    augment_workspace_free(w);
    free(image.data), free(labels.data);
    return (double)same / (double)all;
}

static void augmentation(void)
{
    struct raster in = telling(300, 260), small = telling(40, 36);
    struct augment_options o = augment_ofdb(64);
    o.autoaugment = false;
    o.norm = (struct normalisation){{0, 0, 0}, {1, 1, 1}};
    o.mirror = o.flip = 0.5;
    o.erase = 0;
    const double resized = agreement(&in, &o);
    o.erase = 0.7;
    const double erased = agreement(&in, &o);
    o.crop = CROP_CENTRE;
    const double centre = agreement(&in, &o);
    o.crop = CROP_RANDOM;
    const double random = agreement(&in, &o), black = agreement(&small, &o);
    o.border = BORDER_REFLECT;
    const double reflected = agreement(&small, &o);
    ok(resized > 0.82, "resized crops, mirrored and flipped: labels go along (%.3f)", resized);
    ok(erased > 0.82, "what is erased has no label (%.3f)", erased);
    ok(centre > 0.8, "centred crops (%.3f)", centre);
    ok(random == 1 && black == 1, "random crops, in black where the picture is small: every pixel");
    ok(reflected == 1, "and reflected");
    raster_free(&in);
    raster_free(&small);
}

/* Image n is n + 1 everywhere, and so are its labels. */
static void number_images(const struct view *v)
{
    for (size_t n = 0; n < v->n; n++)
        for (ptrdiff_t y = 0; y < (ptrdiff_t)v->h; y++)
            for (size_t i = 0; i < v->w * v->c; i++)
                view_at(v, n, y, 0)[i] = (float)(n + 1);
}

static void mixing(void)
{
    enum { IMAGES = 6, SIDE = 20, STEPS = 200 };
    const struct view image = {.n = IMAGES,
                               .h = SIDE,
                               .w = SIDE,
                               .c = 3,
                               .halo = 3,
                               .type = DT_F32,
                               .data = xcalloc((size_t)IMAGES * 26 * 26 * 3, sizeof(float))};
    const struct view labels = {.n = IMAGES,
                                .h = SIDE,
                                .w = SIDE,
                                .c = 1,
                                .type = DT_F32,
                                .data = xcalloc((size_t)IMAGES * SIDE * SIDE, sizeof(float))};
    struct loss_target target[IMAGES] = {{0, 0, 1}};
    size_t blended = 0, cut = 0, wrong = 0;
    for (uint64_t step = 0; step < STEPS; step++) {
        number_images(&image);
        number_images(&labels);
        mix_batch(&image, target, &mix_ofdb, 5, step);
        mix_labels(&labels, &mix_ofdb, 5, step);
        bool none = true, moved = false;
        for (size_t n = 0; n < IMAGES; n++)
            for (ptrdiff_t y = 0; y < SIDE; y++)
                for (ptrdiff_t x = 0; x < SIDE; x++) {
                    const float label = *view_at(&labels, n, y, x);
                    none &= label == 0;
                    moved |= label != (float)(n + 1);
                    wrong += label != 0 && label != *view_at(&image, n, y, x);
                }
        blended += none;
        cut += moved && !none;
    }
    ok(wrong == 0, "a label that is left is its pixel's");
    ok(blended > 50 && blended < 110 && cut > 50 && cut < 110,
       "cut and blended batches, two in five each; the latter have none (%zu, %zu of %d)", cut, blended,
       STEPS);
    free(image.data), free(labels.data);
}

int main(void)
{
    losses();
    augmentation();
    mixing();
    return done();
}
