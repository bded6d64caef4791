/* A texture as two planes on a torus: how high the surface is and where on its palette its colour lies. Programs
 * (programs.h) fill them in units of their own; relief_finish makes the units equal. All in plain float arithmetic, from
 * fractal/elementary.h and base/rng.h: the same bits on every CPU. */
#ifndef SURFACE_RELIEF_H
#define SURFACE_RELIEF_H
#include "base/rng.h"
#include <stddef.h>
#include <stdint.h>

/* Pixels of a side, a power of two; both directions wrap around. */
enum { RELIEF_SIDE = 256, RELIEF_TEXELS = RELIEF_SIDE * RELIEF_SIDE };

struct relief {
    float height[RELIEF_TEXELS], position[RELIEF_TEXELS];
};

static inline size_t relief_at(ptrdiff_t x, ptrdiff_t y)
{
    return ((size_t)y & (RELIEF_SIDE - 1)) * RELIEF_SIDE + ((size_t)x & (RELIEF_SIDE - 1));
}

/* Heights in pixels about 0 with a mean slope (root mean square) of `slope`; positions from 0 to 1, which are the mean less and
 * plus two standard deviations. Planes that are flat stay so. */
void relief_finish(struct relief *t, double slope);
/* The plane with mean 0 and deviation 1; a flat one becomes 0. */
void relief_standardise(float *plane);
/* A binomial blur of 3 x 3. */
void relief_soften(float *plane);

/* Adds gradient noise (Perlin 1985) with fx x fy cells on the torus; its deviation is about amplitude / 4. */
void relief_noise(float *plane, size_t fx, size_t fy, float amplitude, struct rng *r);
/* Fills a plane with octaves of it, from `lowest` cells a side to 128, whose spectrum falls with this exponent (of the
 * amplitude; 1: all octaves alike), stretched along y. Standardised. */
void relief_spectrum(float *plane, size_t lowest, double exponent, double stretch, struct rng *r);

/* Makes both planes standard and adds a cloud of a drawn spectrum, .1 to .35 as strong: so that a texture with empty places can be
 * told in these, too. */
void relief_ground(struct relief *t, struct rng *r);

/* Standard normal; unlike rng_normal without libm. */
double relief_normal(struct rng *r);
#endif
