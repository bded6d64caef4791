/* Compiled once for every level (num/level.h); the compiler makes vectors of the loops. Where one of two values is chosen, both are
 * computed: a division that is done under a condition only makes no vectors. */
#include "num/level.h"
#include "surface/rows.h"
#include <math.h>
#include <string.h>

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float choose(bool first, float a, float b)
{
    const uint32_t mask = 0u - (uint32_t)first, bits = (bits_of(a) & mask) | (bits_of(b) & ~mask);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static inline float within(float x, float lo, float hi)
{
    const float low = x < lo ? lo : x;
    return low > hi ? hi : low;
}

/* The following take a place on the outline's own axes. */
static inline float disc(const struct outline *o, float x, float y)
{
    return sqrtf(x * x + y * y) - o->radius;
}

static inline float ellipse(const struct outline *o, float x, float y)
{
    const float u = x / o->a, v = y / o->b, q = u * u + v * v, gu = u / o->a, gv = v / o->b;
    const float slope = sqrtf(gu * gu + gv * gv), root = sqrtf(q);
    return choose(slope > 1e-6f, (root - 1) * root / slope, -o->b);
}

static inline float rectangle(const struct outline *o, float x, float y)
{
    const float u = fabsf(x) - o->a, v = fabsf(y) - o->b, out_u = larger(u, 0), out_v = larger(v, 0);
    const float in = larger(u, v);
    return choose(in < 0, in, sqrtf(out_u * out_u + out_v * out_v));
}

static inline float contour(const struct outline *o, float x, float y)
{
    const float sum = fabsf(x) + fabsf(y) + 1e-9f, along = x / sum;
    const float p = choose(y >= 0, 1 - along, 3 + along) * (CONTOUR_STEPS / 4.0f);
    const int32_t i = (int32_t)within(p, 0, CONTOUR_STEPS - 1);
    const float edge = o->contour[i] + (p - (float)i) * (o->contour[i + 1] - o->contour[i]);
    return (sqrtf(x * x + y * y) - edge) * 0.8f; /* the curve is not square to the radius */
}

static inline float fractal(const struct outline *o, float x, float y)
{
    const float half = 0.7f * o->radius, units = (SILHOUETTE_SIDE - 1) / 2.5f / half,
                last = SILHOUETTE_SIDE - 1.001f;
    const float u = (x + 1.25f * half) * units, v = (y + 1.25f * half) * units;
    const float cu = within(u, 0, last), cv = within(v, 0, last);
    const int32_t i = (int32_t)cv, j = (int32_t)cu;
    const float fu = cu - (float)j, fv = cv - (float)i, *d = &o->silhouette->distance[0][0];
    const float *corner = d + i * SILHOUETTE_SIDE + j;
    const float top = corner[0] + fu * (corner[1] - corner[0]);
    const float bottom =
        corner[SILHOUETTE_SIDE] + fu * (corner[SILHOUETTE_SIDE + 1] - corner[SILHOUETTE_SIDE]);
    return choose(u == cu && v == cv, (top + fv * (bottom - top)) * half, 0.2f * half);
}

#define OUTLINE(function)                                                                                    \
    for (size_t i = 0; i < n; i++) {                                                                         \
        const float x = (float)(first + (int32_t)i) - o->x;                                                  \
        distance[i] = function(o, x * c + dy * s, dy * c - x * s);                                           \
    }

/* The largest of the distances from all sides, one side after the other; and where these are far from even, of the disc. */
static void polygon(float *distance, const struct outline *o, int32_t first, float dy, size_t n)
{
    const float c = o->cosine, s = o->sine;
    OUTLINE(disc);
    for (size_t k = 0; k < o->corners; k++) {
        const float *normal = o->normal[k], offset = o->offset;
        for (size_t i = 0; i < n; i++) {
            const float x = (float)(first + (int32_t)i) - o->x;
            const float d = normal[0] * (x * c + dy * s) + normal[1] * (dy * c - x * s) - offset;
            distance[i] = larger(distance[i], d);
        }
    }
}

static void outline(float *distance, const struct outline *o, int32_t first, float dy, size_t n)
{
    const float c = o->cosine, s = o->sine;
    switch (o->kind) {
    case OUTLINE_DISC:
        OUTLINE(disc);
        break;
    case OUTLINE_ELLIPSE:
        OUTLINE(ellipse);
        break;
    case OUTLINE_RECTANGLE:
        OUTLINE(rectangle);
        break;
    case OUTLINE_POLYGON:
        polygon(distance, o, first, dy, n);
        break;
    case OUTLINE_CONTOUR:
        OUTLINE(contour);
        break;
    case OUTLINE_FRACTAL:
        OUTLINE(fractal);
        break;
    case OUTLINES: /* can't be */
        break;
    }
}

/* A texel as a number: its height below, its position above. */
static inline uint32_t fetch(const unsigned char *texels, uint32_t at)
{
    uint32_t x;
    memcpy(&x, texels + 4 * (size_t)at, sizeof x);
    return x;
}

static void texture(float *height, float *position, const struct surface_texel *texel, const uint32_t at[2],
                    const uint32_t step[2], float units, size_t n)
{
    const unsigned char *texels = (const unsigned char *)texel;
    for (size_t i = 0; i < n; i++) {
        const uint32_t u = at[0] + step[0] * (uint32_t)i, v = at[1] + step[1] * (uint32_t)i;
        const uint32_t left = u >> 16 & 255, top = (v >> 16 & 255) << 8;
        const uint32_t right = (left + 1) & 255, bottom = (top + 256) & 0xffff;
        const int32_t fu = (int32_t)(u >> 8 & 255), fv = (int32_t)(v >> 8 & 255);
        const uint32_t a = fetch(texels, top | left), b = fetch(texels, top | right);
        const uint32_t c = fetch(texels, bottom | left), d = fetch(texels, bottom | right);
        const int32_t ha = (int16_t)a * (256 - fu) + (int16_t)b * fu,
                      hb = (int16_t)c * (256 - fu) + (int16_t)d * fu;
        const int32_t pa = (int32_t)(a >> 16) * (256 - fu) + (int32_t)(b >> 16) * fu;
        const int32_t pb = (int32_t)(c >> 16) * (256 - fu) + (int32_t)(d >> 16) * fu;
        height[i] = (float)(ha * (256 - fv) + hb * fv) * units;
        position[i] = (float)(pa * (256 - fv) + pb * fv) * (1.0f / (TEXEL_POSITION * 65536.0f));
    }
}

static void light(float *times, float *plus, const float *h, const float *above, const float *lit, size_t n,
                  const struct light *l, const struct gloss *g)
{
    const float lamp = (1 - l->ambient) / l->to[2]; /* a flat surface has brightness 1 */
    const float to_x = l->to[0], to_y = l->to[1], to_z = l->to[2], ambient = l->ambient;
    const float half_x = l->half[0], half_y = l->half[1], half_z = l->half[2];
    for (size_t i = 0; i < n; i++) {
        const float x = h[i] - h[i + 1], y = above[i] - h[i + 1]; /* the normal is (x, y, 1) / its length */
        const float scale = 1 / sqrtf(x * x + y * y + 1);
        const float facing = larger((x * to_x + y * to_y + to_z) * scale, 0) * lamp;
        times[i] = ambient + (facing < 2 ? facing : 2) * lit[i];
        plus[i] = larger((x * half_x + y * half_y + half_z) * scale, 0);
    }
    for (unsigned k = 0; k < g->squarings; k++)
        for (size_t i = 0; i < n; i++)
            plus[i] *= plus[i];
    for (size_t i = 0; i < n; i++)
        plus[i] = g->strength * plus[i] * lit[i];
}

static void bevel(float *h, const float *distance, float relief, float width, float most, size_t n)
{
    const float scale = -1 / width;
    for (size_t i = 0; i < n; i++) {
        const float left = 1 - within(distance[i] * scale, 0, 1);
        h[i] = h[i] * relief + most * (1 - left * left);
    }
}

static void see(float *weight, const float *distance, const float *clear, float least, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float seen = within(0.5f - distance[i], 0, 1) * clear[i];
        weight[i] = choose(seen < least, 0, seen);
    }
}

static void blur(float *out, const float *const in[ROWS_BLUR], const float w[4], size_t n)
{
    const float *a = in[0], *b = in[1], *c = in[2], *d = in[3], *e = in[4], *f = in[5], *g = in[6];
    const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    for (size_t i = 0; i < n; i++)
        out[i] = w0 * d[i] + w1 * (c[i] + e[i]) + w2 * (b[i] + f[i]) + w3 * (a[i] + g[i]);
}

static void expose(int32_t *step, const float *in, float gain, float reach, float dx, float dy, float most,
                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = dx + (float)(int32_t)i, bright = 1 - reach * (x * x + dy * dy);
        step[i] = (int32_t)within(in[i] * gain * bright * most, 0, most);
    }
}

const struct rows_kernels KERNELS(rows) = {outline, texture, light, bevel, see, blur, expose};
