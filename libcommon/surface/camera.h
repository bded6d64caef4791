/* What a camera makes of a scene: blur, exposure, white balance, vignette, gamma, noise. */
#ifndef SURFACE_CAMERA_H
#define SURFACE_CAMERA_H
#include "base/rng.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CAMERA_GAMMAS = 33, CAMERA_STEPS = 2048, CAMERA_NOISE = 1 << 14 };

/* Tables that do not depend on any seed; one for all threads. */
struct camera_tables {
    uint16_t gamma[CAMERA_GAMMAS]
                  [CAMERA_STEPS]; /* x^g of x = i / (STEPS - 1), in 1/256 of a grey level; g .7 to 1.4 */
    int16_t noise[CAMERA_NOISE];  /* standard normal, in 1/256 */
};
struct camera_tables *camera_tables_new(void); /* free() it */

struct camera {
    bool on;             /* else a picture is what the scene is, cut off at white */
    float blur[4];       /* weights of the middle and of 1, 2, 3 pixels to both sides */
    float gain[3], dark; /* exposure and white balance; how much darker the corners are */
    const uint16_t *gamma;
    int32_t noise; /* deviation in 1/256 of a grey level */
};
/* Blur sigma 0 to 1.2, gamma .7 to 1.4, exposure .6 to 1.4 (all but the first log-uniform), white balance by 10 % a channel,
 * corners .8 to 1 as bright, noise of 0 to 6 grey levels. */
struct camera camera_draw(const struct camera_tables *t, struct rng *r);

/* rgb: three planes, side x side each, 1 is white; they are altered. out: bytes, `channels` a pixel, of which the first three are
 * written. */
void camera_shoot(uint8_t *out, size_t channels, float *rgb, size_t side, const struct camera *c,
                  const struct camera_tables *t, float *work, struct rng *r);
/* Floats that it works in. */
size_t camera_floats(size_t side);
#endif
