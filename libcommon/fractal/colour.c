#include "fractal/colour.h"
#include "fractal/elementary.h"
#include <math.h>
#include <string.h>

const char *const colour_names[] = {"hue", "none", "palette", "map", NULL};
const char *const tone_names[] = {"linear", "log", "binary", NULL};

static uint32_t byte_of(double x)
{
    double rounded = floor(x + 0.5);
    return rounded < 0 ? 0 : rounded > 255 ? 255 : (uint32_t)rounded;
}

static uint32_t colour_of(double r, double g, double b)
{
    uint32_t red = byte_of(r), green = byte_of(g), blue = byte_of(b);
    return red | green << 8 | blue << 16;
}

uint32_t colour_of_hsv(unsigned h, unsigned s, unsigned v)
{
    double sector = (double)(h % 180) / 30, part = sector - floor(sector);
    double value = v, saturation = s / 255.0;
    double low = value * (1 - saturation);
    double falling = value * (1 - saturation * part), rising = value * (1 - saturation * (1 - part));
    switch ((int)sector) {
    case 0:
        return colour_of(value, rising, low);
    case 1:
        return colour_of(falling, value, low);
    case 2:
        return colour_of(low, value, rising);
    case 3:
        return colour_of(low, falling, value);
    case 4:
        return colour_of(rising, low, value);
    case 5:
        return colour_of(value, low, falling);
    default:
        return 0; /* can't be: h % 180 is less than 6 * 30 */
    }
}

static void draw_hues(struct palette *p, struct rng *r)
{
    p->shift = rng_range(r, 0, 255);
    unsigned s = (unsigned)(255 * rng_range(r, 0.3, 1)), v = (unsigned)(255 * rng_range(r, 0.5, 1));
    for (unsigned h = 0; h < 256; h++)
        p->colour[h] = colour_of_hsv(h, s, v);
}

/* Between 40 and 255 in every channel, so that no colour is the background's. */
static void draw_cosines(struct palette *p, struct rng *r)
{
    double middle[3], swing[3], frequency[3], phase[3];
    p->shift = 0;
    for (int i = 0; i < 3; i++) {
        middle[i] = rng_range(r, 90, 205);
        swing[i] = rng_range(r, 0.4, 1) * (middle[i] < 147.5 ? middle[i] - 40 : 255 - middle[i]);
        frequency[i] = rng_range(r, 0.5, 2);
        phase[i] = rng_uniform(r);
    }
    for (int t = 0; t < 256; t++) {
        double channel[3], sine, cosine;
        for (int i = 0; i < 3; i++) {
            portable_sincos(2 * M_PI * (frequency[i] * t / 255 + phase[i]), &sine, &cosine);
            channel[i] = middle[i] + swing[i] * cosine;
        }
        p->colour[t] = colour_of(channel[0], channel[1], channel[2]);
    }
}

void palette_draw(struct palette *p, enum colour_kind kind, enum tone tone, struct rng *r)
{
    if (kind == COLOUR_HUE) {
        draw_hues(p, r);
        return;
    }
    if (kind != COLOUR_NONE) {
        draw_cosines(p, r);
        return;
    }
    p->shift = 0;
    for (unsigned t = 0; t < 256; t++) {
        unsigned grey = tone == TONE_BINARY ? 127 : t ? t : 1;
        p->colour[t] = grey | grey << 8 | grey << 16;
    }
}

static double tone_of(uint32_t count, uint16_t max, enum tone tone, double log_most)
{
    return tone == TONE_BINARY ? 1
           : tone == TONE_LOG  ? portable_log(1.0 + count) / log_most
                               : (double)count / max;
}

void ink_draw(struct ink *ink, enum colour_kind kind, enum tone tone, uint16_t max, struct rng *r)
{
    double log_most = portable_log(1.0 + max);
    const struct palette *p = &ink->palette;
    ink->kind = kind;
    palette_draw(&ink->palette, kind, tone, r);
    ink->table[0] = 0;
    for (uint32_t c = 1; c <= max; c++) {
        double t = tone_of(c, max, tone, log_most);
        ink->table[c] =
            kind == COLOUR_MAP ? 64 + (uint32_t)(191 * t) : p->colour[(uint32_t)(255 * t + p->shift) & 255];
    }
}

/* Never 0: palettes stay at 40 or above, brightness at 64 of 256. */
static uint32_t dimmed(uint32_t colour, uint32_t brightness)
{
    uint32_t red_blue = (colour & 0xff00ff) * brightness >> 8 & 0xff00ff;
    return red_blue | ((colour & 0x00ff00) * brightness >> 8 & 0x00ff00);
}

static inline uint32_t ink_of(const struct ink *ink, const struct density *d, const uint16_t *cell)
{
    uint32_t entry = ink->table[*cell];
    if (ink->kind != COLOUR_MAP)
        return entry;
    uint32_t position = d->sum[cell - d->cell] / *cell;
    return dimmed(ink->palette.colour[position < 255 ? position : 255],
                  entry); /* more where a count is saturated */
}

static inline void paint_pixel(uint8_t *rgb, uint32_t *tile, size_t i, uint32_t colour)
{
    if (rgb)
        colour_store(rgb + 3 * i, colour);
    else
        tile[i] = colour;
}

/* Attractors are sparse: four empty pixels at a time are passed over. */
static inline void paint(uint8_t *rgb, uint32_t *tile, const struct density *d, const struct ink *ink)
{
    for (size_t row = 0; row < d->side; row++) {
        const uint16_t *cell = d->cell + (row + 1) * density_stride(d) + 1;
        size_t first = row * d->side, column = 0;
        for (; column + 4 <= d->side; column += 4) {
            uint64_t four;
            memcpy(&four, cell + column, sizeof four);
            for (size_t i = column; four && i < column + 4; i++)
                if (cell[i])
                    paint_pixel(rgb, tile, first + i, ink_of(ink, d, cell + i));
        }
        for (; column < d->side; column++)
            if (cell[column])
                paint_pixel(rgb, tile, first + column, ink_of(ink, d, cell + column));
    }
}

void colour_paint(uint8_t *rgb, const struct density *d, const struct ink *ink)
{
    paint(rgb, NULL, d, ink);
}

void colour_tile(uint32_t *tile, const struct density *d, const struct ink *ink)
{
    paint(NULL, tile, d, ink);
}
