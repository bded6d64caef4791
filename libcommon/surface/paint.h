/* Images of surfaces, put together from the parts of this folder. */
#ifndef SURFACE_PAINT_H
#define SURFACE_PAINT_H
#include "base/raster.h"
#include "surface/camera.h"
#include "surface/light.h"
#include "surface/set.h"

/* What all images share: textures, silhouettes, the camera's tables. Made on all threads; functions of the set. */
struct surface_world {
    const struct surface_set *set;
    struct texture *texture; /* of each class */
    struct silhouette *silhouette;
    struct camera_tables *camera;
};
struct surface_world surface_world_new(const struct surface_set *set);
void surface_world_free(struct surface_world *w);

/* One thread's working memory. */
struct surface_studio {
    struct scene scene;
    float *distance; /* from a leaf's outline, with a frame one pixel wide around the image */
    float *clear;    /* of each pixel: how much of what lies behind is seen through soft edges, 1 to 0 */
    float *weight;   /* of a leaf in each pixel */
    float *lit;      /* the lamp's light that shadows leave */
    float *rgb;      /* three planes */
    float *row;      /* lines of side + 2 numbers */
    float *camera;
    size_t *from, *to; /* where a leaf is seen in each row, with an empty one before and behind */
    float (*colour)[3];
};
struct surface_studio surface_studio_new(const struct surface_set *set);
void surface_studio_free(struct surface_studio *s);
/* Bytes of one studio. */
size_t surface_studio_bytes(const struct surface_set *set);

/* Paints a picture of side x side, its largest region of item->class. A function of the set and the item alone. */
void surface_paint(struct raster *out, const struct surface_world *w, struct surface_studio *s,
                   const struct order_item *item);
#endif
