/* An anomaly map as a picture: over its image, with outlines, in the geometry of the original. The result is
 * the caller's: raster_free. */
#ifndef DRAW_HEAT_H
#define DRAW_HEAT_H
#include "base/err.h"
#include "draw/colormap.h"
#include "stream/image.h"

struct heat_style {
    enum colormap colours;
    double low, high; /* values of the darkest and the brightest colour */
    bool own_scale;   /* each map's least and largest value instead */
    double alpha;     /* strength of the colours over an image, 0 .. 1 */
    bool plain;       /* the colours alone */
    bool contour;     /* outline, in white, what reaches threshold */
    double threshold;
    bool panel;    /* image, mask and map side by side, name and score below */
    bool original; /* the canvas is the original picture, as size= and crop= of the map's note say */
};

struct heat_map {
    const struct note *note; /* name= score= size= crop= are used */
    const float *values;     /* height x width, finite */
    size_t width, height;
};

/* Draws 8-bit RGB. image and mask may be NULL; a mask is outlined in green. The canvas is the original's
 * size, or the image's, or else the map's. Images and masks of the whole picture fill it; those of the map's
 * crop go where the crop lies. False with a reason: geometry that does not fit together. */
bool heat_draw(struct raster *out, const struct heat_map *map, const struct image *image,
               const struct image *mask, const struct heat_style *style, struct err *e);
#endif
