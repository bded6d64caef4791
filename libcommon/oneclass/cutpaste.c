#include "oneclass/cutpaste.h"
#include "base/rng.h"
#include "image/affine.h"
#include "train/jitter.h"
#include <math.h>
#include <string.h>

/* What sets the keys apart from those of others who use the same seed, and a piece's streams. Part of what an image is: never
 * change one. */
enum { KEY_CUTPASTE = 0x43, DRAW_PIECE = 0x10, DRAW_COLOURS = 0x20 };

static const struct colour_jitter colours = {1, 0.1, 0.1, 0.1, 0.1};

static struct rng draws(uint64_t seed, uint64_t epoch, uint64_t index, uint64_t stream)
{
    uint32_t word[4];
    rng_block(word, seed, (uint64_t)KEY_CUTPASTE << 56 ^ epoch, index);
    return rng_new(word[0] | (uint64_t)word[1] << 32, stream);
}

/* A length in whole pixels, of those that there are. */
static size_t side(double length, size_t most)
{
    const double whole = floor(length + 0.5);
    return whole < 1 ? 1 : whole < (double)most ? (size_t)whole : most;
}

/* Where a window of this size lies, anywhere in the image. */
static struct window place(size_t w, size_t h, size_t width, size_t height, struct rng *r)
{
    const size_t x = rng_below(r, width - w + 1), y = rng_below(r, height - h + 1);
    return (struct window){x, y, w, h};
}

static void draw_patch(struct cutpaste_piece *p, size_t width, size_t height, struct rng *r)
{
    const double area = rng_range(r, 0.02, 0.15) * (double)width * (double)height;
    const double aspect = rng_below(r, 2) == 0 ? rng_range(r, 0.3, 1) : rng_range(r, 1, 3.3);
    const size_t w = side(sqrt(area * aspect), width), h = side(sqrt(area / aspect), height);
    p->degrees = 0;
    p->to = p->from = place(w, h, width, height, r);
    while ((w < width || h < height) && p->to.x == p->from.x && p->to.y == p->from.y)
        p->to = place(w, h, width, height, r);
}

static double radians(double degrees)
{
    return degrees * (3.14159265358979323846 / 180);
}

static void draw_scar(struct cutpaste_piece *p, size_t width, size_t height, struct rng *r)
{
    const double w = (double)(2 + rng_below(r, 15)), h = (double)(10 + rng_below(r, 16));
    p->from = place(side(w, width), side(h, height), width, height, r);
    p->degrees = rng_range(r, -45, 45);
    const double c = cos(radians(p->degrees)), s = fabs(sin(radians(p->degrees)));
    const double x = (double)p->from.width, y = (double)p->from.height;
    p->to = place(side(ceil(x * c + y * s), width), side(ceil(x * s + y * c), height), width, height, r);
}

void cutpaste_draw(struct cutpaste_piece *p, enum cutpaste_kind kind, size_t width, size_t height,
                   uint64_t seed, uint64_t epoch, uint64_t index)
{
    struct rng r = draws(seed, epoch, index, DRAW_PIECE + kind);
    memset(p, 0, sizeof *p);
    if (kind == CUTPASTE_PATCH)
        draw_patch(p, width, height, &r);
    else if (kind == CUTPASTE_SCAR)
        draw_scar(p, width, height, &r);
}

static uint8_t *row_of(const struct raster *r, size_t x, size_t y)
{
    return (uint8_t *)r->samples + (y * r->width + x) * 3;
}

static struct raster cut(const struct raster *image, const struct window *w)
{
    struct raster piece = raster_new(w->width, w->height, 3, 255);
    for (size_t y = 0; y < w->height; y++)
        memcpy(row_of(&piece, 0, y), row_of(image, w->x, w->y + y), 3 * w->width);
    return piece;
}

/* A piece turned about its middle within a box of another size. */
static struct raster turned(const struct raster *piece, const struct window *box, double degrees)
{
    struct raster out = raster_new(box->width, box->height, 3, 255);
    const double c = cos(radians(degrees)), s = sin(radians(degrees));
    const double x = (double)box->width / 2, y = (double)box->height / 2;
    const double m[6] = {c, -s, (double)piece->width / 2 - c * x + s * y,
                         s, c,  (double)piece->height / 2 - s * x - c * y};
    affine_nearest(&out, piece, m);
    return out;
}

/* Where the mask isn't black. */
static void paste(struct raster *image, const struct window *to, const struct raster *piece,
                  const struct raster *mask)
{
    for (size_t y = 0; y < to->height; y++)
        for (size_t x = 0; x < to->width; x++)
            if (*row_of(mask, x, y))
                memcpy(row_of(image, to->x + x, to->y + y), row_of(piece, x, y), 3);
}

void cutpaste(struct raster *image, enum cutpaste_kind kind, uint64_t seed, uint64_t epoch, uint64_t index)
{
    struct cutpaste_piece p;
    struct rng r = draws(seed, epoch, index, DRAW_COLOURS + kind);
    if (kind == CUTPASTE_NORMAL)
        return;
    cutpaste_draw(&p, kind, image->width, image->height, seed, epoch, index);
    struct raster piece = cut(image, &p.from), whole = raster_new(p.from.width, p.from.height, 3, 255);
    memset(whole.samples, 255, raster_bytes(&whole));
    colour_jitter(&piece, &colours, &r);
    struct raster scar = turned(&piece, &p.to, p.degrees), mask = turned(&whole, &p.to, p.degrees);
    paste(image, &p.to, &scar, &mask);
    raster_free(&piece);
    raster_free(&whole);
    raster_free(&scar);
    raster_free(&mask);
}
