/* Defects: changes of the surface at a place. A kind of part lists the recipes of its defects; a flaw is one
 * of them with its place, size and strength drawn. Coordinates are the picture's, [-1, 1]. */
#ifndef PARTS_FLAW_H
#define PARTS_FLAW_H
#include "base/rng.h"
#include "parts/surface.h"
#include <stdbool.h>

enum flaw_form {
    FLAW_NONE,
    FLAW_SCRATCH,   /* a shallow line that changes the finish */
    FLAW_CUT,       /* a deep line with raised lips */
    FLAW_CRACK,     /* a jagged, branching, dark line */
    FLAW_HOLE,      /* a round break with a rough rim */
    FLAW_STAIN,     /* a blotch with a rim that colours and dulls */
    FLAW_COLOUR,    /* a soft change of hue */
    FLAW_DEBRIS,    /* foreign grains on top */
    FLAW_THREAD,    /* a fibre on top */
    FLAW_DENT,      /* a smooth hollow */
    FLAW_FOLD,      /* a ridge */
    FLAW_GLUE,      /* a clear drop */
    FLAW_PRINT,     /* a finger's greasy ridges */
    FLAW_BITE,      /* material broken off */
    FLAW_BEND,      /* the surface shifted sideways */
    FLAW_STRUCTURE, /* something that the part's own drawing does otherwise: missing, misplaced, misprinted */
};

enum flaw_place { ON_PART, ON_RIM };

struct flaw_recipe {
    const char *name; /* the folder's name */
    enum flaw_form form;
    enum flaw_place place;
    double smallest, largest; /* its radius or half length */
    double red, green, blue;  /* where it has a colour */
    double metal;
    bool upright;  /* runs up and down, as along a grain */
    int structure; /* for FLAW_STRUCTURE: which, never 0 */
};

struct flaw {
    enum flaw_form form;
    double x, y, cosine, sine; /* centre and direction */
    double size, strength;     /* strength: 0 .. 1, of contrast and depth */
    double red, green, blue, metal;
    int structure;
    uint32_t pick; /* which of several things a structural flaw concerns */
    uint32_t seed; /* of its outline */
};

/* Everything but the place and, for structural ones, the meaning. ease: 0 hard .. 1 easy. */
struct flaw flaw_draw(const struct flaw_recipe *recipe, double ease, struct rng *r);

/* Where the surface at (*x, *y) comes from: moves the point, for FLAW_BEND. */
void flaw_warp(const struct flaw *f, double *x, double *y);
/* The signed distance to what is broken off (large where nothing is), for FLAW_BITE. */
double flaw_bite(const struct flaw *f, double x, double y);
/* Changes the texel at (x, y); pixel: the distance of two texels. */
void flaw_edit(const struct flaw *f, struct texel *t, double x, double y, double pixel);
#endif
