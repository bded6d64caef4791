/* The inner loops of this folder, row by row, once for every kind of CPU (num/level.h): nothing is fused or reordered, so all give the
 * same bits. Each is told in the header of the function that it is the heart of. */
#ifndef SURFACE_ROWS_H
#define SURFACE_ROWS_H
#include "surface/light.h"
#include "surface/outline.h"
#include "surface/texture.h"

enum { ROWS_BLUR = 7 };

struct rows_kernels {
    /* outline_row, from a first pixel on, in a row that lies dy below the centre. A pixel's distance doesn't depend on where its row
     * was begun. */
    void (*outline)(float *distance, const struct outline *o, int32_t first, float dy, size_t n);
    /* texture_row, from (u, v) on in steps of (ux, vx). */
    void (*texture)(float *height, float *position, const struct surface_texel *texel, const uint32_t at[2],
                    const uint32_t step[2], float units, size_t n);
    /* light_row. */
    void (*light)(float *times, float *plus, const float *h, const float *above, const float *lit, size_t n,
                  const struct light *l, const struct gloss *g);
    /* h *= relief; and plus most * (1 - left^2), left going from 1 at the rim to 0 at the bevel's width. */
    void (*bevel)(float *h, const float *distance, float relief, float width, float most, size_t n);
    /* How much of a leaf is seen: weight = part within the outline * clear, 0 below least. */
    void (*see)(float *weight, const float *distance, const float *clear, float least, size_t n);
    /* out = w[0] in[3] + w[1] (in[2] + in[4]) + w[2] (in[1] + in[5]) + w[3] (in[0] + in[6]) */
    void (*blur)(float *out, const float *const in[ROWS_BLUR], const float w[4], size_t n);
    /* step = in * gain * (1 - reach (dx^2 + dy^2)) * most, from 0 to most; dx from a first one on. */
    void (*expose)(int32_t *step, const float *in, float gain, float reach, float dx, float dy, float most,
                   size_t n);
};
extern const struct rows_kernels rows_plain, rows_avx2, rows_avx512;
const struct rows_kernels *rows_kernels(void);
#endif
