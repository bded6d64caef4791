#include "base/mem.h"
#include "fractal/elementary.h"
#include "surface/programs.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum profile { PROFILE_WAVE, PROFILE_THREAD, PROFILE_STEP, PROFILE_RAMP };

/* Threads that lie side by side in one direction. */
struct threads {
    size_t n; /* on the torus, a multiple of 4: colours and over and under go around */
    enum profile profile;
    float duty;
    const float *warp; /* in pixels, of each texel */
};

/* The height of a thread at the part t of its period. */
static float profile_of(const struct threads *s, float t)
{
    const float across = 2 * t - 1;
    double sine, cosine;
    switch (s->profile) {
    case PROFILE_WAVE:
        portable_sincos(2 * M_PI * t, &sine, &cosine);
        return (float)(0.5 - 0.5 * cosine);
    case PROFILE_THREAD:
        return sqrtf(1 - across * across * 0.98f);
    case PROFILE_STEP:
        return smooth_step(0, 0.15f, t) * smooth_step(s->duty, s->duty - 0.15f, t);
    case PROFILE_RAMP:
        return t * smooth_step(1, 0.9f, t);
    }
    return 0;
}

/* Where on its direction a texel is, in periods; `along` is x or y. */
static float phase_of(const struct threads *s, size_t along, size_t texel)
{
    const float at = ((float)along + s->warp[texel] + RELIEF_SIDE) / RELIEF_SIDE;
    return at * (float)s->n;
}

static struct threads draw_threads(const float *warp, struct rng *r)
{
    const double period = 3 * portable_exp(rng_range(r, 0, 2.0794415416798357)); /* 3 to 24, log-uniform */
    const size_t fours = (size_t)(RELIEF_SIDE / (4 * period) + 0.5);
    return (struct threads){4 * fours, (enum profile)rng_below(r, 4), (float)rng_range(r, 0.3, 0.85), warp};
}

/* The colours of a run of 1, 2 or 4 stripes, the same over and over. */
enum { COLOURS = 4 };
struct colours {
    size_t n;
    float at[COLOURS];
};

static struct colours draw_colours(struct rng *r)
{
    struct colours c = {(size_t)1 << rng_below(r, 3), {0}};
    for (size_t i = 0; i < COLOURS; i++)
        c.at[i] = (float)rng_range(r, -1, 1);
    return c;
}

static void one_direction(struct relief *t, const struct threads *s, const struct colours *c)
{
    for (size_t y = 0; y < RELIEF_SIDE; y++)
        for (size_t x = 0; x < RELIEF_SIDE; x++) {
            const size_t i = y * RELIEF_SIDE + x;
            const float phase = phase_of(s, x, i), h = profile_of(s, phase - (float)(int)phase);
            t->height[i] = h;
            t->position[i] = h + c->at[(size_t)phase % s->n % c->n];
        }
}

/* Warp and weft pass over and under each other; which one is seen decides the colour. */
static void woven(struct relief *t, const struct threads *warp, const struct threads *weft, bool over)
{
    for (size_t y = 0; y < RELIEF_SIDE; y++)
        for (size_t x = 0; x < RELIEF_SIDE; x++) {
            const size_t i = y * RELIEF_SIDE + x;
            const float u = phase_of(warp, x, i), v = phase_of(weft, y, i);
            double su, sv, unused;
            portable_sincos(M_PI * u, &su, &unused);
            portable_sincos(M_PI * v, &sv, &unused);
            const float lift = over ? (float)(0.6 * su * sv) : 0;
            const float a = profile_of(warp, u - (float)(int)u) + lift;
            const float b = profile_of(weft, v - (float)(int)v) - lift;
            t->height[i] = a > b ? a : b;
            t->position[i] = (a > b ? 1.5f : 0) + 0.5f * t->height[i];
        }
}

void program_stripes(struct relief *t, struct rng *r)
{
    float *warp = xmalloc(RELIEF_TEXELS, sizeof *warp);
    const float bend = (float)(rng_range(r, 0, 3) / 2); /* two deviations are the most */
    relief_spectrum(warp, (size_t)4 << rng_below(r, 2), 2.5, 1, r);
    for (size_t i = 0; i < RELIEF_TEXELS; i++)
        warp[i] *= bend;
    const struct threads first = draw_threads(warp, r), second = draw_threads(warp, r);
    const struct colours colours = draw_colours(r);
    const double kind = rng_uniform(r);
    if (kind < 0.5)
        one_direction(t, &first, &colours);
    else
        woven(t, &first, &second, kind < 0.85);
    free(warp);
}
