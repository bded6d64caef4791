#include "surface/texture.h"
#include "base/mem.h"
#include "fractal/elementary.h"
#include "fractal/key.h"
#include "surface/rows.h"
#include <math.h>
#include <stdlib.h>

/* The mean slope of a texture before light scales it: .2 to 2 times. */
#define TEXTURE_SLOPE 0.35

/* Of every number that colours are drawn from: 0 to 1. */
static double unit(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* Three to five colours about one, further from it the larger the contrast; every fifth class is motley. */
static void draw_palette(struct texture *t, struct rng *r)
{
    const double contrast = rng_range(r, 0.15, 1), hue = rng_uniform(r), value = rng_range(r, 0.25, 0.7);
    const double drawn = rng_uniform(r), saturation = 0.8 * drawn * sqrt(drawn);
    const double spread = rng_uniform(r) < 0.2 ? 0.5 : 0.12 * contrast;
    t->knots = PALETTE_MIN + rng_below(r, PALETTE_MAX - PALETTE_MIN + 1);
    for (size_t i = 0; i < t->knots; i++) {
        t->hue[i] = hue + spread * rng_range(r, -1, 1);
        t->saturation[i] = unit(saturation + 0.3 * contrast * rng_range(r, -1, 1));
        const double drawn_value = value + 0.5 * contrast * rng_range(r, -1, 1);
        t->value[i] = drawn_value < 0.05 ? 0.05 : drawn_value > 0.85 ? 0.85 : drawn_value;
    }
}

static void pack(struct surface_texel *out, const struct relief *t)
{
    for (size_t i = 0; i < RELIEF_TEXELS; i++) {
        const float h = t->height[i] * TEXEL_HEIGHT;
        out[i].height = (int16_t)(h < -32767 ? -32767 : h > 32767 ? 32767 : h);
        out[i].position = (uint16_t)(t->position[i] * ((COLOURS - 1) * TEXEL_POSITION));
    }
}

static struct texture draw(const struct program_list *list, struct rng *r)
{
    struct texture t = {.program = (enum program)list->program[rng_below(r, list->n)]};
    draw_palette(&t, r);
    return t;
}

struct texture texture_draw(uint64_t seed, size_t class, const struct program_list *list)
{
    struct rng r = rng_new(key_of(seed, KEY_TEXTURE, class, 0), STREAM_CHOICES);
    return draw(list, &r);
}

struct texture texture_new(uint64_t seed, size_t class, const struct program_list *list)
{
    struct rng r = rng_new(key_of(seed, KEY_TEXTURE, class, 0), STREAM_CHOICES);
    struct relief *relief = xmalloc(1, sizeof *relief);
    struct texture t = draw(list, &r);
    program_run(t.program, relief, &r);
    relief_finish(relief, TEXTURE_SLOPE);
    t.texel = xmalloc(RELIEF_TEXELS, sizeof *t.texel);
    pack(t.texel, relief);
    free(relief);
    return t;
}

void texture_free(struct texture *t)
{
    free(t->texel);
}

/* One channel of HSV in 0 to 1; n is 5, 3, 1 for red, green, blue. */
static double channel(double n, double hue, double saturation, double value)
{
    const double turned = n + 6 * (hue - floor(hue)), k = turned >= 6 ? turned - 6 : turned;
    const double ramp = k < 4 - k ? k : 4 - k;
    return value - value * saturation * unit(ramp);
}

void texture_colours(float colour[COLOURS][3], const struct texture *t, struct rng *r)
{
    const double hue = rng_range(r, -0.05, 0.05), factor = rng_range(r, 0.7, 1.3);
    const bool grey = rng_uniform(r) < 0.3;
    float knot[PALETTE_MAX][3];
    for (size_t i = 0; i < t->knots; i++) {
        const double saturation = grey ? 0 : unit(t->saturation[i] * factor);
        for (int c = 0; c < 3; c++)
            knot[i][c] = (float)channel(5 - 2 * c, t->hue[i] + hue, saturation, t->value[i]);
    }
    for (size_t i = 0; i < COLOURS; i++) {
        const size_t at = i * (t->knots - 1), k = at / COLOURS;
        const float part = (float)(at % COLOURS) / COLOURS;
        for (int c = 0; c < 3; c++)
            colour[i][c] = knot[k][c] + part * (knot[k + 1][c] - knot[k][c]);
    }
}

struct placement placement_draw(struct rng *r)
{
    double sine, cosine;
    const double scale = portable_exp(rng_range(r, -0.35667494393873245, 0.3364722366212129)); /* .7 to 1.4 */
    portable_sincos(rng_range(r, 0, 2 * M_PI), &sine, &cosine);
    const int mirror = rng_u32(r) & 1 ? -1 : 1;
    const int32_t c = (int32_t)(cosine / scale * 65536), s = (int32_t)(sine / scale * 65536);
    struct placement p = {.ux = c, .uy = -s, .vx = mirror * s, .vy = mirror * c, .scale = (float)scale};
    p.u = (int32_t)(rng_u32(r) & 0xffffff); /* 256 texels */
    p.v = (int32_t)(rng_u32(r) & 0xffffff);
    return p;
}

void texture_row(float *height, float *position, const struct texture *t, const struct placement *p,
                 ptrdiff_t x, ptrdiff_t y, size_t n)
{
    const uint32_t column = (uint32_t)x, row = (uint32_t)y, step[2] = {(uint32_t)p->ux, (uint32_t)p->vx};
    const uint32_t at[2] = {(uint32_t)p->u + step[0] * column + (uint32_t)p->uy * row,
                            (uint32_t)p->v + step[1] * column + (uint32_t)p->vy * row};
    rows_kernels()->texture(height, position, t->texel, at, step, p->scale / (TEXEL_HEIGHT * 65536.0f), n);
}
