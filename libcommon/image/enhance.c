#include "image/enhance.h"
#include <math.h>
#include <string.h>

void enhance_grey(struct raster *r)
{
    uint8_t *p = r->samples, *end = p + raster_bytes(r);
    for (; p < end; p += 3)
        p[0] = p[1] = p[2] = (uint8_t)enhance_luma(p);
}

void enhance_saturation(struct raster *r, double factor)
{
    uint8_t *p = r->samples, *end = p + raster_bytes(r);
    const float f = (float)factor;
    for (; p < end; p += 3) {
        const int luma = (int)enhance_luma(p);
        for (size_t c = 0; c < 3; c++)
            p[c] = enhance_blend(luma, p[c], f);
    }
}

static int largest(const uint8_t *p)
{
    const int m = p[0] > p[1] ? p[0] : p[1];
    return m > p[2] ? m : p[2];
}

static int smallest(const uint8_t *p)
{
    const int m = p[0] < p[1] ? p[0] : p[1];
    return m < p[2] ? m : p[2];
}

/* Hue in 0..255 of a pixel that is not grey; mixed float and double as in PIL's rgb2hsv_row, for its bits. */
static unsigned hue_of(const uint8_t *p, int high, int low)
{
    const float span = (float)(high - low);
    const float r = (float)(high - p[0]) / span, g = (float)(high - p[1]) / span,
                b = (float)(high - p[2]) / span;
    const float h = p[0] == high   ? b - g
                    : p[1] == high ? (float)(2.0 + (double)r - (double)b)
                                   : (float)(4.0 + (double)g - (double)r);
    const double turn = h / 6.0 + 1.0;
    const float part = (float)(turn >= 1 ? turn - 1 : turn);
    return (unsigned)(int)(part * 255.0);
}

static uint8_t nearest(float x)
{
    return (uint8_t)(int)floorf(x + 0.5f);
}

/* PIL's hsv2rgb. */
static void rgb_of(uint8_t *out, unsigned hue, unsigned saturation, int value)
{
    const float turn = (float)((float)hue * 6.0 / 255.0), v = (float)value;
    const unsigned sector = (unsigned)turn;
    const float f = (float)((float)hue * 6.0 / 255.0 - (float)sector), s = (float)((float)saturation / 255.0);
    const uint8_t high = (uint8_t)value, p = nearest((float)(v * (1.0 - s)));
    const uint8_t q = nearest((float)(v * (1.0 - s * f))), t = nearest((float)(v * (1.0 - s * (1.0 - f))));
    const uint8_t rgb[6][3] = {{high, t, p}, {q, high, p}, {p, high, t},
                               {p, q, high}, {t, p, high}, {high, p, q}};
    memcpy(out, rgb[sector % 6], 3);
}

void enhance_hue(struct raster *r, double turn)
{
    uint8_t *p = r->samples, *end = p + raster_bytes(r);
    const unsigned shift = (unsigned)(int)(turn * 255) & 255;
    for (; p < end; p += 3) {
        const int high = largest(p), low = smallest(p);
        if (high == low)
            continue;
        const float s = (float)(high - low) / (float)high;
        const unsigned saturation = (unsigned)(int)(s * 255.0);
        if (saturation)
            rgb_of(p, (hue_of(p, high, low) + shift) & 255, saturation, high);
        else
            memset(p, high, 3);
    }
}

/* One row between two others; n samples, pixels of 3. The sum is never halfway between two levels: rounding
 * is (2 sum + 13) / 26 whole. */
static void sharpen_row(uint8_t *out, const uint8_t *above, const uint8_t *here, const uint8_t *below,
                        size_t n, float factor)
{
    memcpy(out, here, 3);
    for (size_t i = 3; i + 3 < n; i++) {
        const int sum = above[i - 3] + above[i] + above[i + 3] + here[i - 3] + 5 * here[i] + here[i + 3] +
                        below[i - 3] + below[i] + below[i + 3];
        out[i] = enhance_blend((2 * sum + 13) / 26, here[i], factor);
    }
    memcpy(out + n - 3, here + n - 3, 3);
}

void enhance_sharpness(struct raster *out, const struct raster *in, double factor)
{
    const size_t n = 3 * in->width;
    const uint8_t *p = in->samples;
    uint8_t *q = out->samples;
    memcpy(q, p, n);
    for (size_t y = 1; y + 1 < in->height; y++)
        sharpen_row(q + y * n, p + (y - 1) * n, p + y * n, p + (y + 1) * n, n, (float)factor);
    memcpy(q + (in->height - 1) * n, p + (in->height - 1) * n, n);
}
