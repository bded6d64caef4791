/* Colours of densities. A colour is 0x00bbggrr; 0 is the background. */
#ifndef FRACTAL_COLOUR_H
#define FRACTAL_COLOUR_H
#include "base/rng.h"
#include "fractal/density.h"

enum colour_kind {
    COLOUR_HUE,     /* Anderson & Farrell: hue by density, saturation and value per image */
    COLOUR_NONE,    /* grey by density; 127 in binary images */
    COLOUR_PALETTE, /* a random smooth palette by density: a + b cos(2 pi (c t + d)) in each channel */
    COLOUR_MAP      /* such a palette by the maps that led to the points, dimmed by density */
};
extern const char *const colour_names[];

enum tone {
    TONE_LINEAR, /* count / largest count, as published */
    TONE_LOG,    /* log(1 + count) / log(1 + largest count): the attractor's inner structure shows */
    TONE_BINARY  /* 1 wherever there is a point */
};
extern const char *const tone_names[];

/* OpenCV's 8-bit HSV: h counts steps of 2 degrees and wraps after 180. */
uint32_t colour_of_hsv(unsigned h, unsigned s, unsigned v);

/* A palette: 256 colours and where on it density 0 lies. */
struct palette {
    uint32_t colour[256];
    double shift;
};
void palette_draw(struct palette *p, enum colour_kind kind, enum tone tone, struct rng *r);

/* How pixels get their colour. table[c] belongs to a pixel hit c times: its colour, the palette at trunc(255
 * tone + shift) mod 256; or with COLOUR_MAP its brightness of 256, 64 to 255, on the palette's colour of the
 * mean position. */
struct ink {
    enum colour_kind kind;
    struct palette palette;
    uint32_t *table; /* COLOUR_TABLE entries, the caller's */
};
enum { COLOUR_TABLE = UINT16_MAX + 1 };
void ink_draw(struct ink *ink, enum colour_kind kind, enum tone tone, uint16_t max, struct rng *r);

/* Paints the pixels with a count, others stay: rgb has three bytes a pixel, tile one word. */
void colour_paint(uint8_t *rgb, const struct density *d, const struct ink *ink);
void colour_tile(uint32_t *tile, const struct density *d, const struct ink *ink);

static inline void colour_store(uint8_t *rgb, uint32_t colour)
{
    rgb[0] = (uint8_t)colour;
    rgb[1] = (uint8_t)(colour >> 8);
    rgb[2] = (uint8_t)(colour >> 16);
}
#endif
