/* nn/normalise: grey, grey with alpha, RGB and RGB with alpha, of 8 and 16 bits, give what they show, and at parts of the size its means. */
#include "nn/normalise.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { H = 3, W = 5 };

/* A picture whose channel c is `value(pixel, c)`, with alpha that is no such value. The memory ends where it ends: a sanitizer sees
 * a read beyond. */
static size_t value(size_t pixel, size_t c)
{
    return (pixel * 37 + c * 91) % 251;
}

static struct raster picture(size_t channels, size_t maxval)
{
    struct raster r = raster_new(W, H, channels, maxval);
    for (size_t i = 0; i < (size_t)H * W * channels; i++) {
        const size_t c = i % channels, alpha = channels % 2 == 0 && c == channels - 1;
        const size_t v = alpha ? 13 : value(i / channels, c);
        if (maxval > 255)
            ((uint16_t *)r.samples)[i] = (uint16_t)(257 * v);
        else
            ((uint8_t *)r.samples)[i] = (uint8_t)v;
    }
    return r;
}

/* The mean by its definition. */
static double block(size_t x, size_t y, size_t part, size_t c)
{
    double sum = 0, n = 0;
    for (size_t v = y * part; v < (y + 1) * part && v < H; v++)
        for (size_t u = x * part; u < (x + 1) * part && u < W; u++, n++)
            sum += (double)value(v * W + u, c);
    return sum / n / 255;
}

static void check(size_t channels, size_t maxval, enum dtype type, size_t part)
{
    static const struct normalisation norm = {{0.5, 0.4, 0.3}, {0.25, 0.2, 0.1}};
    struct raster r = picture(channels, maxval);
    const size_t h = (H + part - 1) / part, w = (W + part - 1) / part;
    struct view v = {NULL, 2, h, w, 3, 1, type, 0};
    v.data = calloc(view_bytes(&v), 1);
    float out[H * W * 3], other[H * W * 3];
    double worst = 0, strange = 0;
    normalise_part(&v, 1, &r, part, &norm);
    view_copy_out(out, &v, 1);
    view_copy_out(other, &v, 0);
    for (size_t i = 0; i < h * w * 3; i++) {
        const size_t c = i % 3;
        const double x = block(i / 3 % w, i / 3 / w, part, channels < 3 ? 0 : c),
                     want = (x - norm.mean[c]) / norm.std[c];
        worst = worse(worst, fabs(out[i] - want) / (1 + fabs(want)));
        strange = worse(strange, fabs(other[i]));
    }
    ok(worst < (type == DT_BF16 ? 4e-3 : 1e-6) && strange == 0,
       "%zu channels of %zu in %s at 1/%zu: off by %.2g", channels, maxval, type == DT_BF16 ? "bf16" : "f32",
       part, worst);
    free(v.data);
    raster_free(&r);
}

int main(void)
{
    for (size_t channels = 1; channels <= 4; channels++)
        for (size_t maxval = 255; maxval <= 65535; maxval += 65280)
            for (int low = 0; low < 2; low++)
                for (size_t part = 1; part <= 4; part *= 2)
                    check(channels, maxval, low ? DT_BF16 : DT_F32, part);
    return done();
}
