/* Walk: draw -> alter a copy -> mark what shows -> close its gaps -> put the rest back; and again where too little shows. */
#include "blemish/alter.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/thread.h"
#include "blemish/kinds.h"
#include "image/closing.h"
#include "train/held_set.h"
#include <stdlib.h>
#include <string.h>

/* What sets the keys apart from those of others who use the same seed, and streams. Part of what an image is: never change one. */
enum { KEY_BLEMISH = 0x42, DRAW_SHAPE = 0x10, DRAW_DONOR = 0x20 };

const char *const blemish_names[] = {"patch", "piece", "scar", "blob", "warp", "light", NULL};
static void (*const draw[])(struct blemish_work *) = {blemish_patch, blemish_piece, blemish_scar,
                                                      blemish_blob,  blemish_warp,  blemish_light};

static void make_texture(void *arg, size_t i, size_t worker)
{
    (void)worker;
    struct program_list all = {.n = PROGRAMS};
    for (size_t k = 0; k < PROGRAMS; k++)
        all.program[k] = (unsigned char)k;
    struct blemish_world *w = arg;
    w->texture[i] = texture_new(w->seed, i, &all);
}

struct blemish_world blemish_world_new(uint64_t seed, bool blobs)
{
    struct blemish_world w = {seed, NULL};
    if (!blobs)
        return w;
    w.texture = xcalloc(BLEMISH_TEXTURES, sizeof *w.texture);
    pool_run(BLEMISH_TEXTURES, make_texture, &w);
    return w;
}

void blemish_world_free(struct blemish_world *w)
{
    for (size_t i = 0; w->texture && i < BLEMISH_TEXTURES; i++)
        texture_free(&w->texture[i]);
    free(w->texture);
}

/* Marks every pixel that differs visibly; the count. */
static size_t find_changes(unsigned char *changed, const struct raster *a, const struct raster *b)
{
    const size_t pixels = a->width * a->height;
    const uint8_t *p = a->samples, *q = b->samples;
    size_t count = 0;
    for (size_t i = 0; i < pixels; i++, p += 3, q += 3) {
        bool seen = false;
        for (size_t c = 0; c < 3; c++)
            seen |= abs(p[c] - q[c]) > BLEMISH_VISIBLE;
        changed[i] = seen ? 255 : 0;
        count += seen;
    }
    return count;
}

static void put_back(struct raster *image, const unsigned char *changed, const struct raster *whole)
{
    const uint8_t *from = whole->samples;
    uint8_t *to = image->samples;
    for (size_t i = 0; i < image->width * image->height; i++)
        if (!changed[i])
            memcpy(to + 3 * i, from + 3 * i, 3);
}

/* stream: the kind, and what of it is drawn. */
static struct rng draws(uint64_t seed, uint64_t epoch, uint64_t index, uint64_t stream)
{
    uint32_t word[4];
    rng_block(word, seed, (uint64_t)KEY_BLEMISH << 56 ^ epoch, index);
    return rng_new(word[0] | (uint64_t)word[1] << 32, stream);
}

size_t blemish_donor(uint64_t seed, enum blemish_kind kind, uint64_t epoch, uint64_t index, size_t n)
{
    struct rng r = draws(seed, epoch, index, DRAW_DONOR + kind);
    return n < 2 ? 0 : (size_t)((index + 1 + rng_below(&r, n - 1)) % n);
}

bool blemish(struct raster *out, struct raster *mask, const struct blemish_world *w,
             const struct blemish_request *q)
{
    const size_t width = q->whole->width, height = q->whole->height, side = size_least(width, height);
    const size_t least = width * height / 4000 + 4;
    struct blemish_work work = {
        out,        q->whole,           q->donor,
        w->texture, (double)side / 256, draws(w->seed, q->epoch, q->index, DRAW_SHAPE + q->kind)};
    if (!mask->samples || mask->width != width || mask->height != height) {
        raster_free(mask);
        *mask = raster_new(width, height, 1, 255);
    }
    for (size_t i = 0; i < BLEMISH_ATTEMPTS; i++) {
        raster_copy(out, q->whole);
        draw[q->kind](&work);
        if (find_changes(mask->samples, out, q->whole) < least)
            continue;
        mask_close(mask->samples, width, height, side / 160 + 1);
        put_back(out, mask->samples, q->whole);
        return true;
    }
    return false;
}
