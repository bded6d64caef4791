/* Backgrounds for fractals. */
#ifndef FRACTAL_BACKGROUND_H
#define FRACTAL_BACKGROUND_H
#include "base/rng.h"
#include <stdint.h>

/* DIAMOND: a cloud by the diamond-square algorithm, in a random range of hues (Anderson & Farrell). NOISE: three clouds of
 * one random roughness, mixed to random colours: noise with a power spectrum. LEAVES: dead leaves, which are discs and
 * rectangles that hide each other, radii distributed as r^-3. */
enum background { BACKGROUND_NONE, BACKGROUND_DIAMOND, BACKGROUND_NOISE, BACKGROUND_LEAVES };
extern const char *const background_names[];

/* Floats that background_paint works in. */
size_t background_floats(size_t side, enum background kind);
/* Fills rgb, side x side x 3. */
void background_paint(uint8_t *rgb, size_t side, enum background kind, float *work, struct rng *r);

/* Baradad et al., "Learning to See by Looking at Noise", NeurIPS 2021. Leaves carry a brightness that runs
 * across. */
void leaves_paint(uint8_t *rgb, size_t side, struct rng *r);

/* Diamond-square heights on a grid of (2^levels + 1)^2, corners uniform on [0, 1); amplitude 0.5 exp(decay (1
 * - k)) at level k; neighbours outside wrap around. Values may leave [0, 1]. */
void diamond_square(float *height, unsigned levels, double decay, struct rng *r);
#endif
