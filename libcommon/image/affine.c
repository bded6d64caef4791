#include "image/affine.h"
#include <math.h>
#include <string.h>

static int64_t fixed(double x)
{
    return (int64_t)floor(x * 65536.0 + 0.5);
}

void affine_nearest(struct raster *out, const struct raster *in, const double m[6])
{
    const int64_t x_x = fixed(m[0]), x_y = fixed(m[1]), y_x = fixed(m[3]), y_y = fixed(m[4]);
    const int64_t width = (int64_t)in->width << 16, height = (int64_t)in->height << 16;
    int64_t x_row = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), y_row = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
    const uint8_t *from = in->samples;
    uint8_t *to = out->samples;
    for (size_t row = 0; row < out->height; row++, x_row += x_y, y_row += y_y) {
        int64_t x = x_row, y = y_row;
        for (size_t column = 0; column < out->width; column++, to += 3, x += x_x, y += y_x) {
            if (x >= 0 && x < width && y >= 0 && y < height)
                memcpy(to, from + ((size_t)(y >> 16) * in->width + (size_t)(x >> 16)) * 3, 3);
            else
                memset(to, 0, 3);
        }
    }
}

void affine_rotate(struct raster *out, const struct raster *in, double degrees)
{
    const double angle = degrees * (3.14159265358979323846 / 180), c = cos(angle), s = sin(angle);
    const double x = (double)in->width / 2, y = (double)in->height / 2;
    affine_nearest(out, in, (const double[6]){c, -s, x - c * x + s * y, s, c, y - s * x - c * y});
}

void affine_shear_x(struct raster *out, const struct raster *in, double amount)
{
    affine_nearest(out, in, (const double[6]){1, amount, 0, 0, 1, 0});
}

void affine_mirror(struct raster *r)
{
    for (size_t y = 0; y < r->height; y++) {
        uint8_t *left = (uint8_t *)r->samples + y * r->width * 3, *right = left + (r->width - 1) * 3;
        for (; left < right; left += 3, right -= 3)
            for (size_t c = 0; c < 3; c++) {
                const uint8_t t = left[c];
                left[c] = right[c];
                right[c] = t;
            }
    }
}

void affine_flip(struct raster *r)
{
    const size_t n = r->width * 3;
    uint8_t *top = r->samples, *bottom = top + (r->height - 1) * n;
    for (; top < bottom; top += n, bottom -= n)
        for (size_t i = 0; i < n; i++) {
            const uint8_t t = top[i];
            top[i] = bottom[i];
            bottom[i] = t;
        }
}
