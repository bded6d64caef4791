#include "fractal/fractaldb.h"
#include "fractal/colour.h"
#include "fractal/elementary.h"
#include <math.h>

static uint32_t level(double x)
{
    double v = floor(255 * x + 0.5);
    return v < 0 ? 0 : v > 255 ? 255 : (uint32_t)v;
}

/* Hue, saturation, intensity: in each third of the circle one channel is I (1 - S), the rest by cosines. */
static uint32_t colour_of_hsi(double hue, double s, double i)
{
    double third = 2 * M_PI / 3, sine, along, against;
    int sector = (int)(hue / third);
    double h = hue - sector * third;
    portable_sincos(h, &sine, &along);
    portable_sincos(M_PI / 3 - h, &sine, &against);
    double low = i * (1 - s), first = i * (1 + s * along / against), second = 3 * i - low - first;
    uint32_t l = level(low), a = level(first), b = level(second);
    return sector == 0 ? a | b << 8 | l << 16 : sector == 1 ? l | a << 8 | b << 16 : b | l << 8 | a << 16;
}

void fractaldb_wheel(uint32_t wheel[FRACTALDB_WHEEL], bool colour)
{
    for (int t = 0; t < FRACTALDB_WHEEL; t++)
        wheel[t] = colour ? colour_of_hsi(2 * M_PI * t / FRACTALDB_WHEEL, 0.75, 0.75) : 0x7f7f7f;
}

static void paste(uint8_t *rgb, size_t side, size_t row, size_t column, unsigned mask, uint32_t colour)
{
    for (size_t i = 0; i < 3; i++) {
        uint8_t *p = rgb + 3 * ((row - 1 + i) * side + column - 1);
        for (size_t j = 0; j < 3; j++, mask >>= 1)
            colour_store(p + 3 * j, mask & 1 ? colour : 0);
    }
}

void fractaldb_paint(uint8_t *rgb, size_t side, const struct chaos_points *p, bool flip_rows,
                     bool flip_columns, const uint32_t wheel[FRACTALDB_WHEEL], struct rng *r)
{
    float x_span = p->x_hi > p->x_lo ? p->x_hi - p->x_lo : 1,
          y_span = p->y_hi > p->y_lo ? p->y_hi - p->y_lo : 1;
    float extent = (float)(side - 2 * FRACTALDB_MARGIN);
    for (size_t t = 0; t < p->n; t++) {
        size_t row = (size_t)((p->x[t] - p->x_lo) / x_span * extent) + FRACTALDB_MARGIN;
        size_t column = (size_t)((p->y[t] - p->y_lo) / y_span * extent) + FRACTALDB_MARGIN;
        unsigned mask = 1 + (unsigned)((uint64_t)rng_u32(r) * 511 >> 32);
        paste(rgb, side, flip_rows ? side - 1 - row : row, flip_columns ? side - 1 - column : column, mask,
              wheel[t % FRACTALDB_WHEEL]);
    }
}
