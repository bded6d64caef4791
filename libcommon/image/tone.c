#include "image/tone.h"
#include "image/enhance.h"

struct table {
    uint8_t of[3][256];
};

static void apply(struct raster *r, const struct table *t)
{
    uint8_t *p = r->samples, *end = p + raster_bytes(r);
    for (; p < end; p += 3) {
        p[0] = t->of[0][p[0]];
        p[1] = t->of[1][p[1]];
        p[2] = t->of[2][p[2]];
    }
}

/* The same table for all channels. */
static void apply_to_all(struct raster *r, const uint8_t of[256])
{
    uint8_t *p = r->samples, *end = p + raster_bytes(r);
    for (; p < end; p++)
        *p = of[*p];
}

void tone_posterize(struct raster *r, unsigned bits)
{
    uint8_t *p = r->samples, *end = p + raster_bytes(r), mask = (uint8_t)(0xff00 >> bits);
    for (; p < end; p++)
        *p &= mask;
}

void tone_solarize(struct raster *r, double threshold)
{
    uint8_t of[256];
    for (int i = 0; i < 256; i++)
        of[i] = (uint8_t)(i < threshold ? i : 255 - i);
    apply_to_all(r, of);
}

void tone_invert(struct raster *r)
{
    uint8_t *p = r->samples, *end = p + raster_bytes(r);
    for (; p < end; p++)
        *p = (uint8_t) ~*p;
}

/* Two sets of counters by turns: in a flat region each would wait for its own last increment. */
static void count(size_t histogram[3][256], const struct raster *r)
{
    uint32_t even[3][256] = {{0}}, odd[3][256] = {{0}};
    const uint8_t *p = r->samples, *end = p + raster_bytes(r);
    for (; p + 6 <= end; p += 6)
        for (size_t c = 0; c < 3; c++) {
            even[c][p[c]]++;
            odd[c][p[3 + c]]++;
        }
    for (size_t c = 0; c < 3 && p < end; c++)
        even[c][p[c]]++;
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < 256; i++)
            histogram[c][i] = (size_t)even[c][i] + odd[c][i];
}

/* Offset before truncation, in double: PIL's own order of operations. */
static void stretch_table(uint8_t of[256], const size_t histogram[256])
{
    int low = 0, high = 255;
    while (low < 255 && !histogram[low])
        low++;
    while (high > 0 && !histogram[high])
        high--;
    const double scale = high > low ? 255.0 / (high - low) : 1, offset = high > low ? -low * scale : 0;
    for (int i = 0; i < 256; i++) {
        const double x = i * scale + offset;
        of[i] = (uint8_t)(x <= 0 ? 0 : x >= 255 ? 255 : x);
    }
}

void tone_autocontrast(struct raster *r)
{
    size_t histogram[3][256];
    struct table t = {{{0}}};
    count(histogram, r);
    for (size_t c = 0; c < 3; c++)
        stretch_table(t.of[c], histogram[c]);
    apply(r, &t);
}

static void equalizing_table(uint8_t of[256], const size_t histogram[256])
{
    size_t total = 0, last = 0, used = 0;
    for (size_t i = 0; i < 256; i++)
        if (histogram[i]) {
            total += histogram[i];
            last = histogram[i];
            used++;
        }
    const size_t step = used > 1 ? (total - last) / 255 : 0;
    size_t n = step / 2;
    for (size_t i = 0; i < 256; i++) {
        const size_t level = step ? n / step : i;
        of[i] = (uint8_t)(level > 255 ? 255 : level);
        n += histogram[i];
    }
}

void tone_equalize(struct raster *r)
{
    size_t histogram[3][256];
    struct table t = {{{0}}};
    count(histogram, r);
    for (size_t c = 0; c < 3; c++)
        equalizing_table(t.of[c], histogram[c]);
    apply(r, &t);
}

static void blend_with(struct raster *r, unsigned flat, double factor)
{
    uint8_t of[256];
    for (unsigned i = 0; i < 256; i++)
        of[i] = enhance_blend((int)flat, (int)i, (float)factor);
    apply_to_all(r, of);
}

void tone_brightness(struct raster *r, double factor)
{
    blend_with(r, 0, factor);
}

void tone_contrast(struct raster *r, double factor)
{
    const uint8_t *p = r->samples;
    const size_t pixels = r->width * r->height;
    uint64_t sum = 0;
    for (size_t i = 0; i < pixels; i++)
        sum += enhance_luma(p + 3 * i);
    blend_with(r, (unsigned)((double)sum / (double)pixels + 0.5), factor);
}
