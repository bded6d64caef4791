/* Light on a surface: one lamp, far away. */
#ifndef SURFACE_LIGHT_H
#define SURFACE_LIGHT_H
#include "base/rng.h"
#include <stdbool.h>
#include <stddef.h>

struct light {
    bool on;       /* else a surface shows its colours as they are */
    float to[3];   /* the lamp's direction: x to the right, y down, z to the viewer; a unit vector */
    float half[3]; /* between it and the viewer's */
    float ambient;
    float relief; /* heights times this */
    bool shadow;
    ptrdiff_t shadow_x, shadow_y;   /* where the shadow of something falls, in pixels */
    float shadow_blur, shadow_part; /* pixels; the light that is left */
};
/* Azimuth any, 20 to 70 degrees high; ambient .2 to .5; relief .2 to 2; with probability .5 shadows, moved by 1 to 6 pixels, of
 * which .5 to .9 of the light is left. */
struct light light_draw(struct rng *r);

/* What a surface makes of it. */
struct gloss {
    float strength;     /* of a highlight (Blinn), 0: none */
    unsigned squarings; /* its exponent is 2 to the power of these, 8 to 64 */
};
/* A highlight with probability .4. */
struct gloss gloss_draw(struct rng *r);

/* Light of a row of pixels: times[i] multiplies the colour, plus[i] is added. h: heights of pixels -1 to n-1, so h[0] is the left
 * neighbour of the first; above: those of the row above, from pixel 0 on. lit[i]: the part of the lamp's light that arrives. */
void light_row(float *times, float *plus, const float *h, const float *above, const float *lit, size_t n,
               const struct light *l, const struct gloss *g);
#endif
