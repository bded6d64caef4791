/* Pictures from views: colours, lamp, places. */
#ifndef BULB_PAINT_H
#define BULB_PAINT_H
#include "bulb/planes.h"
#include "fractal/compose.h"

/* How a view is coloured: base = sum of colour[k] * t_k^10 clamped to 1 (the published traps), times (ambient + .9 n . lamp) and
 * |hit|^2, plus .2 where the lamp is seen. */
struct bulb_ink {
    float colour[BULB_TRAPS][3];
    float lamp[3];
    bool shadows;
};
/* Uniform colours; the lamp that cast the shadows, or one on the viewer's side and no shadows. */
struct bulb_ink bulb_ink_draw(enum bulb_light light, const struct bulb_camera *camera, struct rng *r);
/* tile: side x side words 0x00bbggrr, 0 where nothing is and only there. */
void bulb_colour(uint32_t *tile, const uint8_t *planes, size_t side, const struct bulb_ink *ink);
/* Halves a tile in place, side -> side / 2: means of what isn't empty of 2 x 2, empty where most is. */
void bulb_halve(uint32_t *tile, size_t side);

/* One thread's working memory. */
struct bulb_studio {
    uint8_t *planes;
    uint32_t *tile;
    float *heights;
    struct bulb_work *work;
    struct compose_work compose;
};
struct bulb_studio bulb_studio_new(const struct bulb_set *set);
void bulb_studio_free(struct bulb_studio *s);
size_t bulb_studio_bytes(const struct bulb_set *set);
/* rgb: side x side x 3, a function of the set, class, k and epoch alone. */
void bulb_paint(uint8_t *rgb, const struct planes *planes, const struct bulb_set *set, struct bulb_studio *s,
                const struct order_item *item);
#endif
