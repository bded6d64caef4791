#include "train/augment.h"
#include "base/mem.h"
#include "image/affine.h"
#include "image/colour.h"
#include "image/enhance.h"
#include "train/augment_draw.h"
#include "train/autoaugment.h"
#include "train/erase.h"
#include <stdlib.h>
#include <string.h>

/* What sets the keys apart from those of others who use the same seed. Never change it. */
enum { KEY_AUGMENT = 0x41 };

struct augment_workspace {
    struct raster picture, spare;
    struct resample resample;
};

static struct augment_options plain(size_t size)
{
    return (struct augment_options){
        .size = size,
        .range = {0.08, 1, 3.0 / 4, 4.0 / 3},
        .sigma_min = 0.1,
        .sigma_max = 2,
        .erase_range = {0.02, 0.33, 0.3, 3.3},
        .norm = normalisation_imagenet,
    };
}

struct augment_options augment_paper(size_t size)
{
    struct augment_options o = plain(size);
    o.crop = CROP_RANDOM;
    o.norm = (struct normalisation){{0.2, 0.2, 0.2}, {0.5, 0.5, 0.5}};
    return o;
}

struct augment_options augment_ofdb(size_t size)
{
    struct augment_options o = plain(size);
    o.crop = CROP_RESIZED;
    o.mirror = 0.5;
    o.autoaugment = true;
    o.erase = 0.5;
    return o;
}

struct augment_workspace *augment_workspace_new(size_t size)
{
    struct augment_workspace *w = xcalloc(1, sizeof *w);
    w->picture = raster_new(size, size, 3, 255);
    w->spare = raster_new(size, size, 3, 255);
    return w;
}

void augment_workspace_free(struct augment_workspace *w)
{
    raster_free(&w->picture);
    raster_free(&w->spare);
    resample_free(&w->resample);
    free(w);
}

struct rng augment_draw(uint64_t key, enum augment_ingredient stream)
{
    return rng_new(key, stream);
}

/* True with this probability. */
static bool chance(struct rng *r, double probability)
{
    return rng_uniform(r) < probability;
}

/* A row of `side` pixels from x on: outside of the picture only where that is narrower. */
static void copy_row(uint8_t *out, const uint8_t *in, size_t width, ptrdiff_t x, size_t side,
                     enum augment_border border)
{
    const size_t before = x < 0 ? (size_t)-x : 0, inside = width < side ? width : side;
    memcpy(out + 3 * before, in + (x > 0 ? 3 * x : 0), 3 * inside);
    for (size_t i = 0; i < side; i++) {
        if (i >= before && i < before + inside)
            continue;
        if (border == BORDER_REFLECT)
            memcpy(out + 3 * i, in + 3 * resample_reflected(x + (ptrdiff_t)i, width), 3);
        else
            memset(out + 3 * i, 0, 3);
    }
}

static void crop_random(struct raster *out, const struct raster *in, enum augment_border border,
                        struct rng *r)
{
    const size_t side = out->width;
    const ptrdiff_t top = crop_start(in->height, side, r), left = crop_start(in->width, side, r);
    for (size_t i = 0; i < side; i++) {
        const ptrdiff_t y = top + (ptrdiff_t)i;
        uint8_t *row = (uint8_t *)out->samples + i * side * 3;
        const size_t source = resample_reflected(y, in->height);
        if (border == BORDER_BLACK && (y < 0 || y >= (ptrdiff_t)in->height))
            memset(row, 0, side * 3);
        else
            copy_row(row, (const uint8_t *)in->samples + source * in->width * 3, in->width, left, side,
                     border);
    }
}

static void crop(struct augment_workspace *w, const struct raster *in, const struct augment_options *o,
                 uint64_t key)
{
    struct rng r = augment_draw(key, DRAW_CROP);
    struct window from;
    if (o->crop == CROP_RANDOM) {
        crop_random(&w->picture, in, o->border, &r);
        return;
    }
    if (o->crop == CROP_RESIZED)
        from = crop_resized(in->width, in->height, &o->range, &r);
    else
        from = crop_centre(in->width, in->height);
    resample_bilinear(&w->picture, in, &from, &w->resample);
}

static void blur(struct augment_workspace *w, const struct augment_options *o, uint64_t key)
{
    struct rng r = augment_draw(key, DRAW_BLUR);
    if (!chance(&r, o->blur))
        return;
    resample_gaussian(&w->spare, &w->picture, rng_range(&r, o->sigma_min, o->sigma_max), &w->resample);
    const struct raster t = w->picture;
    w->picture = w->spare;
    w->spare = t;
}

/* What happens to the cropped picture. */
static void alter(struct augment_workspace *w, const struct augment_options *o, uint64_t key)
{
    struct rng mirrors = augment_draw(key, DRAW_MIRROR), flips = augment_draw(key, DRAW_FLIP),
               greys = augment_draw(key, DRAW_GREY);
    struct rng jitters = augment_draw(key, DRAW_JITTER), policies = augment_draw(key, DRAW_AUTOAUGMENT);
    if (chance(&mirrors, o->mirror))
        affine_mirror(&w->picture);
    if (chance(&flips, o->flip))
        affine_flip(&w->picture);
    colour_jitter(&w->picture, &o->jitter, &jitters);
    if (chance(&greys, o->grey))
        enhance_grey(&w->picture);
    blur(w, o, key);
    if (o->autoaugment)
        autoaugment(&w->picture, &w->spare, &policies);
}

void augment_erase(const struct view *out, size_t n, const struct augment_options *o, uint64_t key)
{
    struct rng r = augment_draw(key, DRAW_ERASE);
    struct window hole;
    if (chance(&r, o->erase) && erase_window(&hole, o->size, o->size, &o->erase_range, &r))
        erase(out, n, &hole);
}

uint64_t augment_key(uint64_t seed, uint64_t epoch, uint64_t index)
{
    uint32_t word[4];
    rng_block(word, seed, (uint64_t)KEY_AUGMENT << 56 ^ epoch, index);
    return word[0] | (uint64_t)word[1] << 32;
}

void augment_image(const struct view *out, size_t n, const struct raster *in, const struct augment_options *o,
                   uint64_t seed, uint64_t epoch, uint64_t index, struct augment_workspace *w)
{
    const uint64_t key = augment_key(seed, epoch, index);
    if (in->channels == 3 && in->maxval == 255)
        crop(w, in, o, key);
    else {
        struct raster rgb = colour_rgb(in);
        crop(w, &rgb, o, key);
        raster_free(&rgb);
    }
    alter(w, o, key);
    normalise(out, n, &w->picture, &o->norm);
    augment_erase(out, n, o, key);
}
