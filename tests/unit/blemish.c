/* blemish/: masks are where the picture changed, nothing else did; what is drawn has the stated distributions; and image/closing. */
#include "blemish/alter.h"
#include "base/mem.h"
#include "base/thread.h"
#include "blemish/kinds.h"
#include "blemish/region.h"
#include "image/closing.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 96, OTHER = 80, IMAGES = 40 };

/* Smooth waves with noise, of another phase for each number. */
static struct raster picture(size_t width, size_t height, unsigned number)
{
    struct raster r = raster_new(width, height, 3, 255);
    struct rng g = rng_new(5, number);
    const double phase = 6 * rng_uniform(&g);
    for (size_t i = 0; i < width * height * 3; i++) {
        const double x = (double)(i / 3 % width), y = (double)(i / 3) / (double)width;
        ((uint8_t *)r.samples)[i] = (uint8_t)(128 + 60 * sin(x / 7 + phase) * cos(y / 9) +
                                              20 * (double)(i % 3) + rng_range(&g, -8, 8));
    }
    return r;
}

static bool visible(const struct raster *a, const struct raster *b, size_t i)
{
    const uint8_t *p = (const uint8_t *)a->samples + 3 * i, *q = (const uint8_t *)b->samples + 3 * i;
    return abs(p[0] - q[0]) > BLEMISH_VISIBLE || abs(p[1] - q[1]) > BLEMISH_VISIBLE ||
           abs(p[2] - q[2]) > BLEMISH_VISIBLE;
}

struct tally {
    size_t bare; /* pixels outside of masks that changed */
    size_t open; /* masks that are not the visible changes, closed */
    size_t unmarked, empty, failed;
    size_t marked, seen; /* pixels in masks, and those of them that changed visibly */
    double share;        /* of the last image */
};

static void compare(struct tally *t, const struct raster *whole, const struct raster *out,
                    const struct raster *mask)
{
    const size_t pixels = whole->width * whole->height;
    const uint8_t *m = mask->samples;
    unsigned char *closed = xmalloc(pixels, 1);
    size_t marked = 0;
    for (size_t i = 0; i < pixels; i++) {
        const bool seen = visible(whole, out, i);
        closed[i] = seen ? 255 : 0;
        t->unmarked += seen && m[i] != 255;
        t->bare +=
            m[i] == 0 && memcmp((uint8_t *)whole->samples + 3 * i, (uint8_t *)out->samples + 3 * i, 3) != 0;
        marked += m[i] == 255;
        t->seen += seen;
    }
    mask_close(closed, whole->width, whole->height, 1);
    t->open += memcmp(closed, m, pixels) != 0;
    free(closed);
    t->marked += marked;
    t->empty += marked < pixels / 4000 + 4;
    t->share = (double)marked / (double)pixels;
}

static void masks(const struct blemish_world *w)
{
    struct raster whole = picture(SIDE, SIDE + 10, 1), donor = picture(OTHER, SIDE, 2), out = {0}, mask = {0};
    for (enum blemish_kind k = 0; k < BLEMISH_KINDS; k++) {
        struct tally t = {0};
        double least = 1, most = 0;
        for (size_t i = 0; i < IMAGES; i++) {
            const struct blemish_request q = {k, i / 10, i % 10, &whole, &donor};
            t.failed += !blemish(&out, &mask, w, &q);
            compare(&t, &whole, &out, &mask);
            least = fmin(least, t.share);
            most = fmax(most, t.share);
        }
        const char *name = blemish_names[k];
        ok(t.failed == 0 && t.empty == 0, "%s: every mask has its least size", name);
        ok(t.bare == 0, "%s: outside of masks no bit changes", name);
        ok(t.open == 0, "%s: masks are what is seen, closed", name);
        ok(t.unmarked == 0 && (double)t.seen > 0.8 * (double)t.marked,
           "%s: masks are where it changed, %zu of %zu pixels", name, t.seen, t.marked);
        ok(most > 3 * least && most < 0.6, "%s: of many sizes (%.4f to %.4f)", name, least, most);
    }
    raster_free(&whole);
    raster_free(&donor);
    raster_free(&out);
    raster_free(&mask);
}

static bool alike(const struct raster *a, const struct raster *b)
{
    return memcmp(a->samples, b->samples, raster_bytes(a)) == 0;
}

/* Each of seed, kind, epoch and index makes another picture; nothing else does. */
static void functions(const struct blemish_world *w)
{
    const struct blemish_world other = blemish_world_new(w->seed + 1, true);
    struct raster whole = picture(SIDE, SIDE, 1), donor = picture(SIDE, SIDE, 2), a = {0}, b = {0},
                  mask = {0};
    bool same = true, differ = true;
    for (enum blemish_kind k = 0; k < BLEMISH_KINDS; k++) {
        struct blemish_request q = {k, 3, 4, &whole, &donor};
        blemish(&a, &mask, w, &q);
        blemish(&b, &mask, w, &q);
        same &= alike(&a, &b);
        blemish(&b, &mask, &other, &q);
        differ &= !alike(&a, &b);
        q.epoch++;
        blemish(&b, &mask, w, &q);
        differ &= !alike(&a, &b);
        q.epoch--;
        q.index++;
        blemish(&b, &mask, w, &q);
        differ &= !alike(&a, &b);
    }
    ok(same, "the same request, the same picture");
    ok(differ, "another seed, epoch or index, another picture");
    size_t count[5] = {0};
    for (uint64_t i = 0; i < 5000; i++)
        count[blemish_donor(1, BLEMISH_PATCH, i, 2, 5)]++;
    ok(count[2] == 0 && count[0] + count[1] + count[3] + count[4] == 5000,
       "an image lends nothing to itself");
    ok(count[0] > 1100 && count[1] > 1100 && count[3] > 1100 && count[4] > 1100, "all others lend alike");
    ok(blemish_donor(1, BLEMISH_PATCH, 0, 0, 1) == 0, "but where it is alone");
    raster_free(&whole);
    raster_free(&donor);
    raster_free(&a);
    raster_free(&b);
    raster_free(&mask);
    blemish_world_free((struct blemish_world *)&other);
}

/* NSA's sides: .03 + Gamma(2, .05), cut at .4, whose distribution function is 1 - (1 + x) exp(-x) in x = (side - .03) / .05. */
static void sides(void)
{
    enum { LARGE = 4000, DRAWS = 4000, BINS = 10 };
    struct raster to = {.width = LARGE, .height = LARGE}, from = {.width = LARGE / 2, .height = LARGE};
    struct blemish_work w = {.whole = &to, .donor = &from, .r = rng_new(3, 0)};
    size_t bin[BINS] = {0};
    double low = 9, high = 0;
    bool within = true;
    for (size_t i = 0; i < DRAWS; i++) {
        const struct blemish_move m = blemish_draw_move(&w);
        const double x = ((double)m.to.width / LARGE - 0.03) / 0.05, most = 7.4;
        const double below = (1 - (1 + x) * exp(-x)) / (1 - (1 + most) * exp(-most));
        bin[below >= 1 ? BINS - 1 : below < 0 ? 0 : (size_t)(below * BINS)]++;
        const double scale = (double)m.to.height / (double)m.from.height;
        low = fmin(low, scale);
        high = fmax(high, scale);
        within &= m.to.x + m.to.width <= LARGE && m.to.y + m.to.height <= LARGE &&
                  m.from.x + m.from.width <= LARGE / 2 && m.from.y + m.from.height <= LARGE;
    }
    double chi = 0;
    for (size_t i = 0; i < BINS; i++)
        chi += ((double)bin[i] - DRAWS / BINS) * ((double)bin[i] - DRAWS / BINS) / (DRAWS / BINS);
    ok(chi < 9 + 4 * sqrt(18), "sides are of NSA's distribution: chi squared %.1f of 9", chi);
    ok(low > 0.69 && low < 0.72 && high < 1.31 && high > 1.28, "scaled by .7 to 1.3 (%.3f to %.3f)", low,
       high);
    ok(within, "both windows lie within their images");
}

/* On an image that is black but for one pixel in a hundred, light is seen on those alone. */
static void sparse(const struct blemish_world *w)
{
    struct raster whole = raster_new(SIDE, SIDE, 3, 255), out = {0}, mask = {0};
    size_t least = SIDE * SIDE;
    memset(whole.samples, 0, raster_bytes(&whole));
    for (size_t i = 0; i < SIDE * SIDE; i += 103)
        memset((uint8_t *)whole.samples + 3 * i, 200, 3);
    for (size_t i = 0; i < IMAGES; i++) {
        const struct blemish_request q = {BLEMISH_LIGHT, 0, i, &whole, &whole};
        size_t seen = 0;
        if (!blemish(&out, &mask, w, &q))
            continue;
        for (size_t k = 0; k < SIDE * SIDE; k++)
            seen += visible(&whole, &out, k);
        least = seen < least ? seen : least;
    }
    ok(least >= SIDE * SIDE / 4000 + 4 && least < SIDE,
       "what shows less is drawn again (%zu pixels at least)", least);
    raster_free(&whole);
    raster_free(&out);
    raster_free(&mask);
}

/* What is moved has the mean colour of what it covers, a piece the colours of where it was. */
static void colours(const struct blemish_world *w)
{
    struct raster whole = raster_new(SIDE, SIDE, 3, 255), donor = raster_new(SIDE, SIDE, 3, 255), out = {0},
                  mask = {0};
    for (size_t i = 0; i < SIDE * SIDE * 3; i++) {
        ((uint8_t *)whole.samples)[i] = 100;
        ((uint8_t *)donor.samples)[i] = 200;
    }
    struct blemish_request q = {BLEMISH_PATCH, 0, 0, &whole, &donor};
    ok(!blemish(&out, &mask, w, &q), "a flat patch of the same mean is not seen, however often it is drawn");
    q.kind = BLEMISH_PIECE;
    ok(blemish(&out, &mask, w, &q), "a flat piece is");
    uint8_t least = 255, most = 0;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        if (((uint8_t *)mask.samples)[i]) {
            least = ((uint8_t *)out.samples)[3 * i] < least ? ((uint8_t *)out.samples)[3 * i] : least;
            most = ((uint8_t *)out.samples)[3 * i] > most ? ((uint8_t *)out.samples)[3 * i] : most;
        }
    ok(least > 160 && most < 245, "and has hard edges and the donor's colour, about (%u to %u)", least, most);
    q.kind = BLEMISH_WARP;
    ok(!blemish(&out, &mask, w, &q), "a flat image shifted is the same");
    memset(whole.samples, 0, raster_bytes(&whole));
    q.kind = BLEMISH_LIGHT;
    ok(!blemish(&out, &mask, w, &q), "a black image gets no brighter");
    q.kind = BLEMISH_BLOB;
    ok(blemish(&out, &mask, w, &q), "a blob is seen on black");
    raster_free(&whole);
    raster_free(&donor);
    raster_free(&out);
    raster_free(&mask);
}

static void regions(void)
{
    const struct raster image = {.width = 300, .height = 200};
    struct rng r = rng_new(1, 1);
    bool boxed = true, middle = true, range = true;
    double low = 99, high = 0;
    for (size_t i = 0; i < 300; i++) {
        const struct region g = region_draw(&image, 6, 48, 1, &r);
        low = fmin(low, g.radius);
        high = fmax(high, g.radius);
        for (size_t y = 0; y < image.height; y++)
            for (size_t x = 0; x < image.width; x++) {
                const double part = region_part(&g, x, y);
                const bool in = x >= g.left && x < g.right && y >= g.top && y < g.bottom;
                boxed &= in || part == 0;
                range &= part >= 0 && part <= 1;
            }
        middle &= region_part(&g, (size_t)g.x, (size_t)g.y) == 1;
    }
    ok(boxed, "regions lie within their boxes");
    ok(middle, "and hold their middles");
    ok(range, "parts are 0 to 1");
    ok(low >= 6 && low < 6.3 && high <= 48 && high > 45, "radii are of the range");
}

/* Against the definition. */
static void slow_spread(unsigned char *out, const unsigned char *in, size_t w, size_t h, size_t r, bool grow)
{
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            bool any = false, every = true;
            for (size_t v = y < r ? 0 : y - r; v <= y + r && v < h; v++)
                for (size_t u = x < r ? 0 : x - r; u <= x + r && u < w; u++) {
                    any |= in[v * w + u] != 0;
                    every &= in[v * w + u] != 0;
                }
            out[y * w + x] = (grow ? any : every) ? 255 : 0;
        }
}

static void closing(void)
{
    enum { W = 23, H = 17 };
    unsigned char mask[W * H], grown[W * H], want[W * H];
    struct rng g = rng_new(9, 9);
    bool same = true;
    for (size_t i = 0; i < 200; i++) {
        const size_t r = i % 20, one_in = 2 + i % 40;
        for (size_t k = 0; k < W * H; k++)
            mask[k] = rng_below(&g, one_in) ? 0 : 255;
        slow_spread(grown, mask, W, H, r, true);
        slow_spread(want, grown, W, H, r, false);
        mask_close(mask, W, H, r);
        same &= memcmp(mask, want, sizeof want) == 0;
    }
    ok(same, "closing is dilation, then erosion, by squares");
}

int main(void)
{
    pool_start(1);
    struct blemish_world w = blemish_world_new(7, true);
    masks(&w);
    functions(&w);
    sides();
    sparse(&w);
    colours(&w);
    regions();
    closing();
    blemish_world_free(&w);
    return done();
}
