/* A class of surfaces: a texture program that was run once (programs.h), and its palette. An image shows instances of it: moved,
 * turned, scaled, with other shades of the same colours. */
#ifndef SURFACE_TEXTURE_H
#define SURFACE_TEXTURE_H
#include "surface/programs.h"

enum { PALETTE_MIN = 3, PALETTE_MAX = 5, COLOURS = 256, PROGRAM_LIST = 32 };

/* A height in 1/256 pixel, a position in 1/64 of the table of COLOURS. */
struct surface_texel {
    int16_t height;
    uint16_t position;
};
enum { TEXEL_HEIGHT = 256, TEXEL_POSITION = 64 };

struct texture {
    enum program program;
    struct surface_texel *texel; /* RELIEF_TEXELS */
    size_t knots;
    double hue[PALETTE_MAX], saturation[PALETTE_MAX], value[PALETTE_MAX]; /* 0 to 1 */
};

/* Which programs classes come from, each as often as it is listed. */
struct program_list {
    size_t n;
    unsigned char program[PROGRAM_LIST];
};

/* Class i's texture, a function of (seed, class, list). texture_free frees it. */
struct texture texture_new(uint64_t seed, size_t class, const struct program_list *list);
/* All of it but the texels, at once. */
struct texture texture_draw(uint64_t seed, size_t class, const struct program_list *list);
void texture_free(struct texture *t);

/* The shades of an instance: the hue moved by up to .05, saturation times .7 to 1.3, with probability .3 grey. */
void texture_colours(float colour[COLOURS][3], const struct texture *t, struct rng *r);

/* Where an instance of it lies: texel (u, v) of pixel (x, y), in 1/65536. */
struct placement {
    int32_t u, v, ux, uy, vx, vy; /* at (0, 0), and steps along x and y */
    float scale;                  /* pixels a texel: heights grow with it */
};
/* Scale .7 to 1.4 (log-uniform), any angle, any phase, mirrored or not. */
struct placement placement_draw(struct rng *r);
/* Heights in pixels and positions in 0..COLOURS-1 of pixels x..x+n-1 of a row. */
void texture_row(float *height, float *position, const struct texture *t, const struct placement *p,
                 ptrdiff_t x, ptrdiff_t y, size_t n);
#endif
