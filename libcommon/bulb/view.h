/* A Mandelbulb as a camera sees it: what a picture needs but for colours and lamp, as planes of bytes. Colours are drawn over
 * them anew as often as wanted (paint.h), which costs a hundredth of the rendering.
 *
 * Camera, march, normals and shadow are the published shader's (facts: eye at distance 2.5, frustum of +-.5, steps of the distance
 * estimate until it is below .001; central differences; a shadow ray to the lamp), but for the ends of rays: one that has come
 * STEPS steps without leaving is a hit there as here, but sooner. */
#ifndef BULB_VIEW_H
#define BULB_VIEW_H
#include "bulb/estimate.h"
#include "base/rng.h"

/* The planes of a view, each side x side bytes. Normals: 128 + 127 n, outwards; traps: 255 min(1, t) with t = |z_z|, and the tenth
 * roots of the other two; radius: 255 |hit|^2 / 4. All are 0 where there is no hit. */
enum bulb_plane {
    BULB_STATE, /* enum bulb_state */
    BULB_NORMAL,
    BULB_TRAP = BULB_NORMAL + 3,
    BULB_RADIUS = BULB_TRAP + BULB_TRAPS,
    BULB_PLANES
};
enum bulb_state { BULB_EMPTY, BULB_SHADED, BULB_LIT };

struct bulb_camera {
    float eye[3], forward[3], up[3], side[3];
};
/* Two angles, uniform on the circle. */
struct bulb_camera bulb_camera_draw(struct rng *r);
/* Where the lamp of the shadows is: (-1, 1, 1) / sqrt 3. */
extern const float bulb_lamp[3];

/* One thread's working memory for views of up to side x side. */
struct bulb_work;
struct bulb_work *bulb_work_new(size_t side);
void bulb_work_free(struct bulb_work *w);
size_t bulb_work_bytes(size_t side);

static inline size_t bulb_view_bytes(size_t side)
{
    return (size_t)BULB_PLANES * side * side;
}
/* planes: bulb_view_bytes(side). */
void bulb_render(uint8_t *planes, size_t side, const struct bulb_map *map, const struct bulb_camera *camera,
                 struct bulb_work *w);
/* The part of the pixels with a hit that is seen: in white colours the traps give at least a fifth of full brightness. Some forms are
 * nearly black all over, since |hit|^2 or all traps are small. */
double bulb_coverage(const uint8_t *planes, size_t side);
#endif
