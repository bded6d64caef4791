/* The geometry of augment.c's draws, once more, for a plane of labels. */
#include "base/mem.h"
#include "train/augment.h"
#include "train/augment_draw.h"
#include "train/erase.h"
#include <stdlib.h>

/* For each pixel of a side where it comes from, or -1. */
static void cropped(ptrdiff_t *from, size_t side, ptrdiff_t start, size_t n, enum augment_border border)
{
    for (size_t i = 0; i < side; i++) {
        const ptrdiff_t at = start + (ptrdiff_t)i;
        const bool within = at >= 0 && at < (ptrdiff_t)n;
        from[i] = within ? at : border == BORDER_BLACK ? -1 : (ptrdiff_t)resample_reflected(at, n);
    }
}

static void resized(ptrdiff_t *from, size_t side, size_t start, size_t n)
{
    for (size_t i = 0; i < side; i++)
        from[i] = (ptrdiff_t)(start + (2 * i + 1) * n / (2 * side));
}

static void reverse(ptrdiff_t *from, size_t side)
{
    for (size_t i = 0; i < side / 2; i++) {
        const ptrdiff_t t = from[i];
        from[i] = from[side - 1 - i];
        from[side - 1 - i] = t;
    }
}

static void locate(ptrdiff_t *rows, ptrdiff_t *columns, const struct raster *in,
                   const struct augment_options *o, uint64_t key)
{
    struct rng r = augment_draw(key, DRAW_CROP);
    struct rng mirrors = augment_draw(key, DRAW_MIRROR), flips = augment_draw(key, DRAW_FLIP);
    if (o->crop == CROP_RANDOM) {
        cropped(rows, o->size, crop_start(in->height, o->size, &r), in->height, o->border);
        cropped(columns, o->size, crop_start(in->width, o->size, &r), in->width, o->border);
    } else {
        const struct window w = o->crop == CROP_RESIZED ? crop_resized(in->width, in->height, &o->range, &r)
                                                        : crop_centre(in->width, in->height);
        resized(rows, o->size, w.y, w.height);
        resized(columns, o->size, w.x, w.width);
    }
    if (rng_uniform(&mirrors) < o->mirror)
        reverse(columns, o->size);
    if (rng_uniform(&flips) < o->flip)
        reverse(rows, o->size);
}

void augment_labels(const struct view *out, size_t n, const struct raster *in,
                    const struct augment_options *o, uint64_t seed, uint64_t epoch, uint64_t index)
{
    const uint64_t key = augment_key(seed, epoch, index);
    ptrdiff_t *rows = xmalloc(2 * o->size, sizeof *rows), *columns = rows + o->size;
    const uint8_t *samples = in->samples;
    locate(rows, columns, in, o, key);
    for (size_t y = 0; y < o->size; y++) {
        float *to = view_at(out, n, (ptrdiff_t)y, 0);
        for (size_t x = 0; x < o->size; x++)
            to[x] = rows[y] < 0 || columns[x] < 0
                        ? 0
                        : samples[4 * ((size_t)rows[y] * in->width + (size_t)columns[x]) + 3];
    }
    free(rows);
    augment_erase(out, n, o, key);
}
