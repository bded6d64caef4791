/* Pictures side by side with a line of text. Rasters are 8-bit RGB; the result is the caller's. */
#ifndef DRAW_PANEL_H
#define DRAW_PANEL_H
#include "base/raster.h"

/* n pictures of the same height from left to right, a thin gap between them, and below them the text, cut off
 * where it is too long. */
struct raster panel_join(const struct raster *picture, size_t n, const char *text);
#endif
