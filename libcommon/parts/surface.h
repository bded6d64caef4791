/* A surface seen straight from above, and the photograph of it.
 *
 * A square of texels covers [-1, 1] x [-1, 1], x to the right, y down; heights are in the same unit. Colours
 * are reflectances in linear light. Everything is computed with exact operations, in a fixed order: the same
 * bits on every CPU. Arrays are the caller's. */
#ifndef PARTS_SURFACE_H
#define PARTS_SURFACE_H
#include <stddef.h>
#include <stdint.h>

struct texel {
    float height;
    float red, green, blue;
    float gloss; /* 0 matt .. 1 lacquer: strength of the lamp's reflection */
    float metal; /* 0 .. 1: mirrors the studio instead of scattering light */
    float part;  /* 0 .. 1: belongs to the inspected part (not to what it lies on) */
};

/* Blends towards a colour, or a finish, by k in 0 .. 1. */
void texel_tint(struct texel *t, double red, double green, double blue, double k);
void texel_finish(struct texel *t, double gloss, double metal, double k);
void texel_raise(struct texel *t, double by);

struct lamp {
    double x, y, z;          /* unit vector towards the lamp */
    double key, ambient;     /* its strength, and that of the light from everywhere */
    double fall_x, fall_y;   /* the light's change across the picture, relative, per unit */
    double vignette;         /* the loss in the corners */
    double red, green, blue; /* white balance */
};

/* levels (size x size x 3) becomes the picture on the scale 0 to 255, display-coded by a square root and not
 * yet rounded, of the (2 size)^2 texels of s: diffuse and mirrored light by the normals, cast shadows, soft
 * shading of recesses, four texels averaged into a pixel. */
void surface_photograph(float *levels, const struct texel *s, size_t size, const struct lamp *lamp);
#endif
