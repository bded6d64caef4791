/* Procedural noise: functions of (seed, place) alone. Additions, multiplications, floor and sqrt only, so the
 * same bits on every CPU and with every libm. Coordinates lie within +-1e9. */
#ifndef IMAGE_NOISE_H
#define IMAGE_NOISE_H
#include <stdint.h>

/* 32 well-mixed bits of a lattice point. */
uint32_t noise_hash(uint32_t seed, int32_t i, int32_t j);
/* Uniform on [0, 1), independent from point to point. */
double noise_white(uint32_t seed, int32_t i, int32_t j);
/* About standard normal: the sum of four uniforms, so within 3.5. */
double noise_normal(uint32_t seed, int32_t i, int32_t j);

/* Gradient noise on the unit lattice (Perlin, "Improving Noise", SIGGRAPH 2002, with free gradients): smooth,
 * mean 0, nearly all within [-1, 1]. */
double noise_smooth(uint32_t seed, double x, double y);
/* Octaves of it, each of half the size and half the height of the one before; scaled back to about [-1, 1]. */
double noise_fractal(uint32_t seed, double x, double y, int octaves);

/* Cellular noise (Worley, "A Cellular Texture Basis Function", SIGGRAPH 1996): one point in each lattice
 * cell; the distances to the nearest two, and bits that belong to the nearest. */
struct noise_cell {
    double nearest, second;
    uint32_t id;
};
struct noise_cell noise_cell(uint32_t seed, double x, double y);
#endif
