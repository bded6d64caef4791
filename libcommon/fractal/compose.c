#include "fractal/compose.h"
#include "base/mem.h"
#include <stdlib.h>

struct compose_work compose_work_new(size_t tile_max, size_t size_max)
{
    return (struct compose_work){xmalloc(tile_max + 1, sizeof(uint64_t)), xmalloc(size_max, sizeof(uint32_t)),
                                 xmalloc(size_max, sizeof(size_t))};
}

void compose_work_free(struct compose_work *w)
{
    free(w->row);
    free(w->weight);
    free(w->from);
}

/* Bytes 0x00bbggrr into 16-bit lanes. */
static inline uint64_t spread(uint32_t p)
{
    uint64_t x = p | (uint64_t)p << 16;
    x &= 0x0000ffff0000ffffu;
    return (x | x << 8) & 0x00ff00ff00ff00ffu;
}

/* a + (b - a) * w / 256 in every lane, 0 <= w <= 256. */
static inline uint64_t mix(uint64_t a, uint64_t b, uint32_t w)
{
    return (a * (256 - w) + b * w) >> 8 & 0x00ff00ff00ff00ffu;
}

/* Where pixel i of `size` falls among `side` pixels, in 1/256 pixel; never past the last but one. */
static uint32_t position(size_t i, size_t side, size_t size)
{
    int64_t at = (int64_t)((2 * i + 1) * side * 256 / (2 * size)) - 128, last = 256 * ((int64_t)side - 1);
    return (uint32_t)(at < 0 ? 0 : at > last ? last : at);
}

static void mix_rows(uint64_t *out, const uint32_t *tile, size_t side, uint32_t at)
{
    const uint32_t *a = tile + (at >> 8) * side, *b = (at >> 8) + 1 < side ? a + side : a;
    uint32_t w = at & 255;
    for (size_t x = 0; x < side; x++)
        out[x] = (a[x] | b[x]) ? mix(spread(a[x]), spread(b[x]), w) : 0;
    out[side] = out[side - 1];
}

void compose_tile(uint8_t *rgb, size_t canvas, const uint32_t *tile, size_t side, size_t size, ptrdiff_t top,
                  ptrdiff_t left, struct compose_work *w)
{
    ptrdiff_t edge = (ptrdiff_t)canvas, extent = (ptrdiff_t)size;
    ptrdiff_t y_from = top < 0 ? -top : 0, y_to = top + extent > edge ? edge - top : extent;
    ptrdiff_t x_from = left < 0 ? -left : 0, x_to = left + extent > edge ? edge - left : extent;
    for (size_t x = 0; x < size; x++) {
        uint32_t at = position(x, side, size);
        w->from[x] = at >> 8;
        w->weight[x] = at & 255;
    }
    for (ptrdiff_t y = y_from; y < y_to; y++) {
        uint8_t *out = rgb + 3 * ((top + y) * edge + left);
        mix_rows(w->row, tile, side, position((size_t)y, side, size));
        for (ptrdiff_t x = x_from; x < x_to; x++) {
            const uint64_t *p = w->row + w->from[x];
            uint64_t c = mix(p[0], p[1], w->weight[x]);
            if (c) {
                out[3 * x] = (uint8_t)c;
                out[3 * x + 1] = (uint8_t)(c >> 16);
                out[3 * x + 2] = (uint8_t)(c >> 32);
            }
        }
    }
}

struct compose_place compose_place_draw(size_t canvas, double lo, double hi, struct rng *r)
{
    struct compose_place p = {.size = (size_t)((double)canvas * rng_range(r, lo, hi))};
    p.size = p.size ? p.size : 1;
    p.top = (ptrdiff_t)rng_below(r, canvas) - (ptrdiff_t)(p.size / 2);
    p.left = (ptrdiff_t)rng_below(r, canvas) - (ptrdiff_t)(p.size / 2);
    return p;
}
