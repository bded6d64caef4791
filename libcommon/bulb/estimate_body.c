/* Compiled once for every level (num/level.h), in GCC's vector types: a lane is a point, vectors are as wide as the CPU's.
 *
 * A vector iterates until all of its points have escaped; those that have stay as they are. Neighbouring points escape at nearly
 * the same time, and the caller keeps only points that are still of interest (view.c). */
#include "bulb/estimate.h"
#include "num/level.h"
#include <stdbool.h>
#include <string.h>

enum { LANES = LEVEL_REGISTER / 4 };
typedef float lanes __attribute__((vector_size(LEVEL_REGISTER)));
typedef float lanes_at __attribute__((vector_size(LEVEL_REGISTER), aligned(4), may_alias));
typedef int32_t masks __attribute__((vector_size(LEVEL_REGISTER)));
_Static_assert((int)BULB_STRIDE % (int)LANES == 0, "strides are whole vectors");

#define LOAD(p) ((lanes)(*(const lanes_at *)(p)))
#define STORE(p, v) (*(lanes_at *)(p) = (v))
#define ALL(x) ((x) - (lanes){0})

static inline lanes choose(masks m, lanes yes, lanes no)
{
    return (lanes)(((masks)yes & m) | ((masks)no & ~m));
}

static inline lanes least(lanes a, lanes b)
{
    return choose(a < b, a, b);
}

static inline lanes size(lanes a)
{
    return (lanes)((masks)a & 0x7fffffff);
}

static inline lanes root(lanes a)
{
    lanes r = {0};
    for (int i = 0; i < LANES; i++)
        r[i] = __builtin_sqrtf(a[i]);
    return r;
}

static inline bool any(masks m)
{
    uint64_t word[LEVEL_REGISTER / 8], sum = 0;
    memcpy(word, &m, sizeof word);
    for (int i = 0; i < LEVEL_REGISTER / 8; i++)
        sum |= word[i];
    return sum != 0;
}

/* ln of positive normal numbers: x = 2^k m with m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m - 1) / (m + 1)). */
static inline lanes logarithm(lanes x)
{
    const masks bits = (masks)x - 0x3f3504f3; /* sqrt(1/2) */
    const lanes k = __builtin_convertvector(bits >> 23, lanes);
    const lanes m = (lanes)((bits & 0x007fffff) + 0x3f3504f3);
    const lanes s = (m - 1.0f) / (m + 1.0f), s2 = s * s;
    const lanes series = (((s2 * (1.0f / 9) + 1.0f / 7) * s2 + 0.2f) * s2 + 1.0f / 3) * s2 + 1.0f;
    return k * 0.693147181f + 2.0f * s * series;
}

/* (a + i b)^n, n >= 1, by squaring from the highest bit on. */
static inline void power(lanes *real, lanes *imaginary, lanes a, lanes b, unsigned n)
{
    lanes u = a, v = b;
    for (unsigned bit = 31 - (unsigned)__builtin_clz(n); bit-- > 0;) {
        const lanes square = (u + v) * (u - v);
        v = 2.0f * u * v;
        u = square;
        if (n >> bit & 1) {
            const lanes product = u * a - v * b;
            v = u * b + v * a;
            u = product;
        }
    }
    *real = u;
    *imaginary = v;
}

static inline lanes real_power(lanes a, unsigned n)
{
    lanes u = a;
    for (unsigned bit = 31 - (unsigned)__builtin_clz(n); bit-- > 0;)
        u = n >> bit & 1 ? u * u * a : u * u;
    return u;
}

/* An orbit: where it is, dr, and r^2 there. */
struct orbit {
    lanes x, y, z, dr, r2;
};

/* The four r^N times cos and sin of N phi and N theta. Where there is no phi (atan2(0, 0)) it is 0. */
static inline void waves(lanes wave[BULB_WAVES], const struct orbit *o, lanes r, unsigned n)
{
    const lanes rho2 = o->x * o->x + o->y * o->y, rho = root(rho2);
    const masks pole = rho2 < 1e-30f;
    const lanes scale = r / choose(pole, ALL(1.0f), rho);
    power(&wave[BULB_COS_PHI], &wave[BULB_SIN_PHI], choose(pole, r, o->x * scale),
          choose(pole, ALL(0.0f), o->y * scale), n);
    power(&wave[BULB_COS_THETA], &wave[BULB_SIN_THETA], o->z, rho, n);
}

static inline void trap_orbit(lanes trap[BULB_TRAPS], const struct orbit *o, masks alive)
{
    const lanes sum = (size(o->x) + size(o->y) + size(o->z)) * (1 / 1.5f);
    trap[0] = choose(alive, least(trap[0], size(o->z)), trap[0]);
    trap[1] = choose(alive, least(trap[1], sum), trap[1]);
    trap[2] = choose(alive, least(trap[2], root(o->r2)), trap[2]);
}

/* The orbit of c until all have escaped. dr is capped, so that inf * 0 can't be. */
static inline struct orbit iterate(lanes trap[BULB_TRAPS], lanes cx, lanes cy, lanes cz,
                                   const struct bulb_map *map, bool with_traps)
{
    struct orbit o = {cx, cy, cz, ALL(1.0f), cx * cx + cy * cy + cz * cz};
    const float n = (float)map->power;
    for (int i = 0; i < BULB_ITERATIONS; i++) {
        const masks alive = o.r2 <= BULB_ESCAPE * BULB_ESCAPE;
        if (!any(alive))
            break;
        lanes wave[BULB_WAVES];
        const lanes r = root(o.r2);
        waves(wave, &o, r, map->power);
        const lanes dr = least(n * real_power(r, map->power) * o.dr + 1.0f, ALL(1e25f));
        o.dr = choose(alive, dr, o.dr);
        o.x = choose(alive, map->sign[0] * wave[map->wave[0]] + cx, o.x);
        o.y = choose(alive, map->sign[1] * wave[map->wave[1]] + cy, o.y);
        o.z = choose(alive, map->sign[2] * wave[map->wave[2]] + cz, o.z);
        o.r2 = o.x * o.x + o.y * o.y + o.z * o.z;
        if (with_traps)
            trap_orbit(trap, &o, alive);
    }
    return o;
}

static void estimate(float *distance, const float *x, const float *y, const float *z, size_t n,
                     const struct bulb_map *map)
{
    for (size_t i = 0; i < n; i += LANES) {
        const struct orbit o = iterate(NULL, LOAD(x + i), LOAD(y + i), LOAD(z + i), map, false);
        const lanes r2 = choose(o.r2 < 1e-30f, ALL(1e-30f), o.r2); /* ln r = ln r^2 / 2 */
        STORE(distance + i, 0.25f * logarithm(r2) * root(r2) / o.dr);
    }
}

static void traps(float *const trap[BULB_TRAPS], const float *x, const float *y, const float *z, size_t n,
                  const struct bulb_map *map)
{
    for (size_t i = 0; i < n; i += LANES) {
        lanes t[BULB_TRAPS] = {ALL(1e10f), ALL(1e10f), ALL(1e10f)};
        iterate(t, LOAD(x + i), LOAD(y + i), LOAD(z + i), map, true);
        for (size_t k = 0; k < BULB_TRAPS; k++)
            STORE(trap[k] + i, t[k]);
    }
}

const struct bulb_kernels KERNELS(bulb) = {estimate, traps};
