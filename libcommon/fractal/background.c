#include "fractal/background.h"
#include "fractal/colour.h"
#include "fractal/elementary.h"
#include <math.h>
#include <string.h>

const char *const background_names[] = {"none", "diamond", "noise", "leaves", NULL};

static unsigned levels_of(size_t side)
{
    unsigned levels = 0;
    while (((size_t)1 << levels) < side)
        levels++;
    return levels;
}

static size_t grid_of(size_t side)
{
    return ((size_t)1 << levels_of(side)) + 1;
}

size_t background_floats(size_t side, enum background kind)
{
    size_t clouds = kind == BACKGROUND_DIAMOND ? 1 : kind == BACKGROUND_NOISE ? 3 : 0;
    return clouds * grid_of(side) * grid_of(side);
}

/* Uniform on [-m, m), from 24 bits. */
static float noise(struct rng *r, float m)
{
    return m * ((float)(rng_u32(r) >> 8) * 0x1p-23f - 1);
}

static void diamond(float *h, size_t last, size_t step, float m, struct rng *r)
{
    size_t grid = last + 1;
    for (size_t y = step; y < last; y += 2 * step)
        for (size_t x = step; x < last; x += 2 * step) {
            const float *up = h + (y - step) * grid + x, *down = h + (y + step) * grid + x;
            h[y * grid + x] = (up[-(ptrdiff_t)step] + up[step] + down[-(ptrdiff_t)step] + down[step]) * 0.25f;
            h[y * grid + x] += noise(r, m);
        }
}

static void square(float *h, size_t last, size_t step, float m, struct rng *r)
{
    size_t grid = last + 1;
    for (size_t y = 0; y <= last; y += step)
        for (size_t x = y / step % 2 ? 0 : step; x <= last; x += 2 * step) {
            size_t above = y ? y - step : last - step, below = y < last ? y + step : step;
            size_t left = x ? x - step : last - step, right = x < last ? x + step : step;
            float sum = h[above * grid + x] + h[below * grid + x] + h[y * grid + left] + h[y * grid + right];
            h[y * grid + x] = sum * 0.25f + noise(r, m);
        }
}

void diamond_square(float *height, unsigned levels, double decay, struct rng *r)
{
    size_t last = (size_t)1 << levels, grid = last + 1;
    const size_t corner[] = {0, last, last * grid, last * grid + last};
    for (int i = 0; i < 4; i++)
        height[corner[i]] = (float)(rng_u32(r) >> 8) * 0x1p-24f;
    for (unsigned k = 1; k <= levels; k++) {
        float m = (float)(0.5 * portable_exp(decay * (1 - (double)k)));
        diamond(height, last, last >> k, m, r);
        square(height, last, last >> k, m, r);
    }
}

static unsigned clamped_byte(double x)
{
    return x < 0 ? 0 : x > 255 ? 255 : (unsigned)x;
}

/* The colours of heights -2 .. 3 in steps of 1/1024: hue, saturation and value each run linearly with height. */
enum { HEIGHTS = 5 * 1024 };
static void draw_heights(uint32_t *colour, struct rng *r)
{
    double slope[3], offset[3];
    static const double range[3][4] = {{0.25, 1, 0, 1}, {0.1, 0.3, 0.4, 0.6}, {0.3, 0.6, 0.4, 0.6}};
    for (int i = 0; i < 3; i++) {
        slope[i] = 255 * rng_range(r, range[i][0], range[i][1]);
        offset[i] = 255 * rng_range(r, range[i][2], range[i][3]);
    }
    for (int i = 0; i < HEIGHTS; i++) {
        double height = i / 1024.0 - 2;
        unsigned hue = (unsigned)((int)floor(height * slope[0] + offset[0]) & 255);
        colour[i] = colour_of_hsv(hue, clamped_byte(height * slope[1] + offset[1]),
                                  clamped_byte(height * slope[2] + offset[2]));
    }
}

static void paint_cloud(uint8_t *rgb, size_t side, float *height, struct rng *r)
{
    uint32_t colour[HEIGHTS];
    size_t grid = grid_of(side);
    double decay = rng_range(r, 0.4, 0.8);
    draw_heights(colour, r);
    diamond_square(height, levels_of(side), decay, r);
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++, rgb += 3) {
            float at = (height[y * grid + x] + 2) * 1024;
            colour_store(rgb, colour[at <= 0 ? 0 : at >= HEIGHTS - 1 ? HEIGHTS - 1 : (int)at]);
        }
}

/* Each channel is a mean and a random mixture of the three clouds. */
static void paint_noise(uint8_t *rgb, size_t side, float *height, struct rng *r)
{
    size_t grid = grid_of(side), plane = grid * grid;
    double decay = rng_range(r, 0, 1);
    float mean[3], mix[3][3];
    for (int i = 0; i < 3; i++) {
        diamond_square(height + (size_t)i * plane, levels_of(side), decay, r);
        mean[i] = (float)rng_range(r, 60, 195);
        for (int j = 0; j < 3; j++)
            mix[i][j] = (float)rng_range(r, -150, 150);
    }
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            for (int i = 0; i < 3; i++) {
                const float *h = height + y * grid + x;
                float v = mean[i] + mix[i][0] * (h[0] - 0.5f) + mix[i][1] * (h[plane] - 0.5f) +
                          mix[i][2] * (h[2 * plane] - 0.5f);
                *rgb++ = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
}

void background_paint(uint8_t *rgb, size_t side, enum background kind, float *work, struct rng *r)
{
    switch (kind) {
    case BACKGROUND_DIAMOND:
        paint_cloud(rgb, side, work, r);
        break;
    case BACKGROUND_NOISE:
        paint_noise(rgb, side, work, r);
        break;
    case BACKGROUND_LEAVES:
        leaves_paint(rgb, side, r);
        break;
    case BACKGROUND_NONE:
        memset(rgb, 0, 3 * side * side);
        break;
    }
}
