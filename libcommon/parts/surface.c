#include "parts/surface.h"
#include "base/mem.h"
#include "image/shape.h"
#include <stdlib.h>

enum { SHADOW_STEPS = 20 };

struct light {
    double red, green, blue;
};

void texel_tint(struct texel *t, double red, double green, double blue, double k)
{
    t->red = (float)shape_mix(t->red, red, k);
    t->green = (float)shape_mix(t->green, green, k);
    t->blue = (float)shape_mix(t->blue, blue, k);
}

void texel_finish(struct texel *t, double gloss, double metal, double k)
{
    t->gloss = (float)shape_mix(t->gloss, gloss, k);
    t->metal = (float)shape_mix(t->metal, metal, k);
}

void texel_raise(struct texel *t, double by)
{
    t->height += (float)by;
}

static size_t clamp_index(ptrdiff_t i, size_t n)
{
    return i < 0 ? 0 : (size_t)i >= n ? n - 1 : (size_t)i;
}

/* Means over windows of 2r + 1 of n values `stride` apart, the ends repeated. */
static void blur_line(float *out, const float *in, size_t n, size_t stride, size_t r)
{
    double sum = 0;
    ptrdiff_t reach = (ptrdiff_t)r;
    for (ptrdiff_t i = -reach; i <= reach; i++)
        sum += in[clamp_index(i, n) * stride];
    for (size_t i = 0; i < n; i++) {
        out[i * stride] = (float)(sum / (double)(2 * r + 1));
        ptrdiff_t at = (ptrdiff_t)i;
        sum += in[clamp_index(at + reach + 1, n) * stride] - in[clamp_index(at - reach, n) * stride];
    }
}

/* The heights alone (shadows read many), smoothed ones, and the highest. */
struct relief {
    size_t n;
    float *height, *around;
    double peak;
};

static struct relief relief_new(const struct texel *s, size_t n)
{
    struct relief r = {n, xmalloc(n * n, sizeof(float)), xmalloc(n * n, sizeof(float)), s[0].height};
    for (size_t i = 0; i < n * n; i++) {
        r.height[i] = s[i].height;
        r.peak = shape_max(r.peak, s[i].height);
    }
    return r;
}

static void relief_free(struct relief *r)
{
    free(r->height);
    free(r->around);
}

/* Two box filters in each direction. */
static void relief_blur(struct relief *r, size_t radius)
{
    size_t n = r->n;
    float *work = xmalloc(n * n, sizeof *work);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t y = 0; y < n; y++)
            blur_line(work + y * n, (pass ? r->around : r->height) + y * n, n, 1, radius);
        for (size_t x = 0; x < n; x++)
            blur_line(r->around + x, work + x, n, n, radius);
    }
    free(work);
}

/* How far a texel lies in shadow: the heights met on the way to the lamp, against the ray that rises to it. */
static double shadow(const struct relief *r, size_t x, size_t y, const struct lamp *lamp)
{
    double across = shape_length(lamp->x, lamp->y), pixel = 2.0 / (double)r->n, most = 0;
    double dx = lamp->x / across, dy = lamp->y / across, rise = lamp->z / across;
    double base = r->height[y * r->n + x];
    for (int k = 1; k <= SHADOW_STEPS; k++) {
        double reach = 0.0012 * k * (k + 4); /* denser near by: contact shadows are sharp */
        if (r->peak - base - reach * rise <= 0)
            break; /* the ray is above everything */
        ptrdiff_t sx = (ptrdiff_t)x + (ptrdiff_t)floor(dx * reach / pixel + 0.5);
        ptrdiff_t sy = (ptrdiff_t)y + (ptrdiff_t)floor(dy * reach / pixel + 0.5);
        double above = r->height[clamp_index(sy, r->n) * r->n + clamp_index(sx, r->n)] - base - reach * rise;
        most = shape_max(most, above / (0.01 + 0.35 * reach));
    }
    return shape_ramp(0, 1, most);
}

/* What a mirror sees in direction (x, y, z): a grey room, brighter above, the lamp's soft box and a strip
 * opposite. */
static double studio(double x, double y, double z, const struct lamp *lamp)
{
    double towards = x * lamp->x + y * lamp->y + z * lamp->z;
    double opposite = z * lamp->z - x * lamp->x - y * lamp->y;
    return 0.30 + 0.34 * shape_ramp(-0.6, 1, z) - 0.12 * y + 0.75 * shape_ramp(0.55, 0.98, towards) +
           0.28 * shape_ramp(0.80, 0.97, opposite);
}

static struct light shade(const struct texel *t, const struct relief *r, size_t x, size_t y,
                          const struct lamp *lamp)
{
    const float *h = r->height;
    size_t n = r->n, left = x ? x - 1 : x, right = x + 1 < n ? x + 1 : x, up = y ? y - 1 : y,
           down = y + 1 < n ? y + 1 : y;
    double pixel = 2.0 / (double)n;
    double nx = ((double)h[y * n + left] - h[y * n + right]) / (pixel * (double)(right - left));
    double ny = ((double)h[up * n + x] - h[down * n + x]) / (pixel * (double)(down - up));
    double nz = 1 / sqrt(1 + nx * nx + ny * ny);
    nx *= nz;
    ny *= nz;

    double below = shape_clamp((r->around[y * n + x] - h[y * n + x]) / 0.06);
    double lit = 1 - shadow(r, x, y, lamp), open = 1 - 0.75 * below;
    double facing = shape_max(0, nx * lamp->x + ny * lamp->y + nz * lamp->z);
    double diffuse = lamp->ambient * (0.55 + 0.45 * nz) * open + lamp->key * facing * lit;
    double rx = 2 * nz * nx, ry = 2 * nz * ny, rz = 2 * nz * nz - 1;
    double towards = rx * lamp->x + ry * lamp->y + rz * lamp->z;
    double mirrored = studio(rx, ry, rz, lamp) * (0.45 + 0.55 * lit) * (0.4 + 0.6 * open);
    double shine =
        t->gloss * lit * (shape_ramp(0.86, 0.985, towards) * 0.8 + 0.12 * shape_ramp(0.3, 1, towards));
    double body = shape_mix(diffuse, mirrored, t->metal);
    return (struct light){t->red * body + shine, t->green * body + shine, t->blue * body + shine};
}

/* A texel's place in the corners and in the lamp's field. */
static double field(size_t n, size_t x, size_t y, const struct lamp *lamp)
{
    double u = ((double)x + 0.5) * 2 / (double)n - 1, v = ((double)y + 0.5) * 2 / (double)n - 1;
    return (1 + lamp->fall_x * u + lamp->fall_y * v) * (1 - lamp->vignette * (u * u + v * v) / 2);
}

/* Linear light to display levels; highlights roll off above 0.8 instead of clipping hard. */
static float level(double light)
{
    double v = sqrt(shape_max(light, 0));
    if (v > 0.8)
        v = 0.8 + (v - 0.8) / (1 + 2 * (v - 0.8));
    return (float)(255 * shape_min(v, 1));
}

void surface_photograph(float *levels, const struct texel *s, size_t size, const struct lamp *lamp)
{
    size_t n = 2 * size;
    struct relief r = relief_new(s, n);
    relief_blur(&r, n / 48 + 1);
    for (size_t y = 0; y < size; y++)
        for (size_t x = 0; x < size; x++) {
            struct light sum = {0, 0, 0};
            for (size_t k = 0; k < 4; k++) {
                size_t sx = 2 * x + (k & 1), sy = 2 * y + (k >> 1);
                struct light c = shade(s + sy * n + sx, &r, sx, sy, lamp);
                double f = 0.25 * field(n, sx, sy, lamp);
                sum.red += f * c.red;
                sum.green += f * c.green;
                sum.blue += f * c.blue;
            }
            float *out = levels + 3 * (y * size + x);
            out[0] = level(sum.red * lamp->red);
            out[1] = level(sum.green * lamp->green);
            out[2] = level(sum.blue * lamp->blue);
        }
    relief_free(&r);
}
