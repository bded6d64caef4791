/* Letters of 5 x 7 dots, as on a character display: ASCII 32 to 126. */
#ifndef IMAGE_FONT_H
#define IMAGE_FONT_H
#include "base/raster.h"
#include <stdbool.h>

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7, FONT_ADVANCE = 6 };

/* Whether dot (x, y) of a letter is set; never outside the letter, nor for what is not ASCII. */
bool font_dot(char letter, int x, int y);
/* The same for a line of text, its letters FONT_ADVANCE apart. */
bool font_text_dot(const char *text, int x, int y);

/* Writes text into an 8-bit raster, its upper left dot at (x, y), `scale` pixels a dot, in the grey or RGB
 * colour of r->channels samples; what falls outside is cut off. */
void font_draw(struct raster *r, size_t x, size_t y, size_t scale, const uint8_t *colour, const char *text);
#endif
