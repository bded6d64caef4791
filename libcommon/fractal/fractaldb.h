/* FractalDB's renderer (Kataoka et al. 2020, "patch_gray" and "patch_color"): a fresh random 3 x 3 mask,
 * never empty, is pasted at every point, its zeros too. */
#ifndef FRACTAL_FRACTALDB_H
#define FRACTAL_FRACTALDB_H
#include "fractal/chaos.h"

enum { FRACTALDB_MARGIN = 6, FRACTALDB_WHEEL = 128 };

/* Colour of point t: wheel[t mod 128], an HSI circle with S = I = 0.75; or 127 grey. */
void fractaldb_wheel(uint32_t wheel[FRACTALDB_WHEEL], bool colour);
/* Draws the points on rgb (side x side x 3, black before), side > 2 * margin. Masks from r; flips as in view. */
void fractaldb_paint(uint8_t *rgb, size_t side, const struct chaos_points *p, bool flip_rows,
                     bool flip_columns, const uint32_t wheel[FRACTALDB_WHEEL], struct rng *r);
#endif
