/* The texture programs, one family a file: program(relief, r) draws its parameters from r and fills both planes, in units of its
 * own. What is drawn is frozen: a class is one call.
 *
 *     noise     octaves of a spectrum that falls with exponent .5 to 3.5, stretched 1 to 8
 *     stripes   of period 3 to 24 pixels in one direction, or woven from two, warped by up to 3 pixels
 *     cells     bricks, hexagons or Voronoi's, jittered by up to half a cell, gaps up to 3 pixels wide
 *     grains    discs with log-normal radii of 1 to 8 pixels, raised or sunk
 *     fractal   the log-density of an IFS, 2 to 5 copies, turned and scaled
 *     fibres    20 to 400 curved segments, ridges or scratches
 *     bands     the sine of 1 to 6 turns of smooth noise
 *     blend     two of these by a mask, their product or their maximum */
#ifndef SURFACE_PROGRAMS_H
#define SURFACE_PROGRAMS_H
#include "surface/relief.h"

enum program {
    PROGRAM_NOISE,
    PROGRAM_STRIPES,
    PROGRAM_CELLS,
    PROGRAM_GRAINS,
    PROGRAM_FRACTAL,
    PROGRAM_FIBRES,
    PROGRAM_BANDS,
    PROGRAM_BLEND,
    PROGRAMS
};
extern const char *const program_names[];

void program_run(enum program p, struct relief *t, struct rng *r);

void program_noise(struct relief *t, struct rng *r);
void program_stripes(struct relief *t, struct rng *r);
void program_cells(struct relief *t, struct rng *r);
void program_grains(struct relief *t, struct rng *r);
void program_fractal(struct relief *t, struct rng *r);
void program_fibres(struct relief *t, struct rng *r);
void program_bands(struct relief *t, struct rng *r);
/* Of two families chosen among the seven others. */
void program_blend(struct relief *t, struct rng *r);

/* In a program's file: 0 to 1 with a smooth step between lo and hi. */
static inline float smooth_step(float lo, float hi, float x)
{
    const float t = (x - lo) / (hi - lo), s = t < 0 ? 0 : t > 1 ? 1 : t;
    return s * s * (3 - 2 * s);
}
#endif
