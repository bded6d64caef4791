/* Heat maps on pictures. Rasters are 8-bit RGB and, like the arrays, the caller's. */
#ifndef DRAW_OVERLAY_H
#define DRAW_OVERLAY_H
#include "base/raster.h"
#include "draw/colormap.h"
#include "image/window.h"

/* How a value becomes a colour: low and less the lowest, high and more the highest. */
struct overlay_scale {
    enum colormap map;
    double low, high;
};

/* Blends the colours of values (w->height x w->width) into the window: alpha 0 leaves the picture, 1 leaves
 * the colours only. */
void overlay_blend(struct raster *picture, const struct window *w, const float *values,
                   const struct overlay_scale *scale, double alpha);

/* Copies `from` to (x, y); it must fit. */
void overlay_paste(struct raster *picture, size_t x, size_t y, const struct raster *from);

/* Draws the outline of a region: every pixel that is inside (inside[...] != 0, one byte a pixel of the
 * window) and has one outside within `thickness` rows and columns. The picture's edge is no outline. */
void overlay_contour(struct raster *picture, const struct window *w, const uint8_t *inside, size_t thickness,
                     const uint8_t colour[3]);
#endif
