#include "surface/relief.h"
#include "base/mem.h"
#include "fractal/elementary.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MAX = 128 };

double relief_normal(struct rng *r)
{
    double sine, cosine, u = 1 - rng_uniform(r);
    portable_sincos(2 * M_PI * rng_uniform(r), &sine, &cosine);
    return sqrt(-2 * portable_log(u)) * cosine;
}

void relief_standardise(float *plane)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < RELIEF_TEXELS; i++)
        sum += plane[i];
    const float mean = (float)(sum / RELIEF_TEXELS);
    for (size_t i = 0; i < RELIEF_TEXELS; i++) {
        plane[i] -= mean;
        squares += (double)plane[i] * plane[i];
    }
    const double deviation = sqrt(squares / RELIEF_TEXELS);
    const float scale = deviation > 1e-6 ? (float)(1 / deviation) : 0;
    for (size_t i = 0; i < RELIEF_TEXELS; i++)
        plane[i] *= scale;
}

static double mean_slope(const float *h)
{
    double sum = 0;
    for (ptrdiff_t y = 0; y < RELIEF_SIDE; y++)
        for (ptrdiff_t x = 0; x < RELIEF_SIDE; x++) {
            const double here = h[relief_at(x, y)];
            const double dx = h[relief_at(x + 1, y)] - here, dy = h[relief_at(x, y + 1)] - here;
            sum += dx * dx + dy * dy;
        }
    return sqrt(sum / RELIEF_TEXELS);
}

void relief_finish(struct relief *t, double slope)
{
    relief_standardise(t->height);
    relief_standardise(t->position);
    const double now = mean_slope(t->height);
    const float scale = now > 1e-6 ? (float)(slope / now) : 0;
    for (size_t i = 0; i < RELIEF_TEXELS; i++) {
        const float p = 0.5f + 0.25f * t->position[i];
        t->position[i] = p < 0 ? 0 : p > 1 ? 1 : p;
        t->height[i] *= scale;
    }
}

void relief_soften(float *plane)
{
    float row[RELIEF_SIDE + 2], column[RELIEF_SIDE + 2];
    for (ptrdiff_t y = 0; y < RELIEF_SIDE; y++) {
        for (ptrdiff_t x = -1; x <= RELIEF_SIDE; x++)
            row[x + 1] = plane[relief_at(x, y)];
        for (ptrdiff_t x = 0; x < RELIEF_SIDE; x++)
            plane[relief_at(x, y)] = 0.25f * (row[x] + row[x + 2]) + 0.5f * row[x + 1];
    }
    for (ptrdiff_t x = 0; x < RELIEF_SIDE; x++) {
        for (ptrdiff_t y = -1; y <= RELIEF_SIDE; y++)
            column[y + 1] = plane[relief_at(x, y)];
        for (ptrdiff_t y = 0; y < RELIEF_SIDE; y++)
            plane[relief_at(x, y)] = 0.25f * (column[y] + column[y + 2]) + 0.5f * column[y + 1];
    }
}

/* What one direction of the noise needs at each of its pixels: the cell and the place in it. */
struct walk {
    uint8_t cell[RELIEF_SIDE], next[RELIEF_SIDE];
    float part[RELIEF_SIDE], fade[RELIEF_SIDE]; /* fade: 6 t^5 - 15 t^4 + 10 t^3 */
};

static void walk_init(struct walk *w, size_t cells)
{
    for (size_t i = 0; i < RELIEF_SIDE; i++) {
        const size_t at = i * cells;
        const float t = (float)(at % RELIEF_SIDE) / RELIEF_SIDE;
        w->cell[i] = (uint8_t)(at / RELIEF_SIDE);
        w->next[i] = (uint8_t)((at / RELIEF_SIDE + 1) % cells);
        w->part[i] = t;
        w->fade[i] = t * t * t * (t * (t * 6 - 15) + 10);
    }
}

void relief_noise(float *plane, size_t fx, size_t fy, float amplitude, struct rng *r)
{
    static const float gradient[8][2] = {{1, 0},  {0.7071f, 0.7071f},   {0, 1},  {-0.7071f, 0.7071f},
                                         {-1, 0}, {-0.7071f, -0.7071f}, {0, -1}, {0.7071f, -0.7071f}};
    uint8_t corner[CELLS_MAX][CELLS_MAX];
    struct walk horizontal, vertical;
    for (size_t y = 0; y < fy; y++)
        for (size_t x = 0; x < fx; x++)
            corner[y][x] = (uint8_t)(rng_u32(r) >> 29);
    walk_init(&horizontal, fx);
    walk_init(&vertical, fy);
    for (size_t y = 0; y < RELIEF_SIDE; y++) {
        const uint8_t *above = corner[vertical.cell[y]], *below = corner[vertical.next[y]];
        const float v = vertical.part[y];
        for (size_t x = 0; x < RELIEF_SIDE; x++) {
            const size_t i = horizontal.cell[x], j = horizontal.next[x];
            const float u = horizontal.part[x], fade = horizontal.fade[x];
            const float *a = gradient[above[i]], *b = gradient[above[j]];
            const float *c = gradient[below[i]], *d = gradient[below[j]];
            const float ha = a[0] * u + a[1] * v, hb = b[0] * (u - 1) + b[1] * v;
            const float hc = c[0] * u + c[1] * (v - 1), hd = d[0] * (u - 1) + d[1] * (v - 1);
            const float top = ha + fade * (hb - ha), bottom = hc + fade * (hd - hc);
            plane[y * RELIEF_SIDE + x] += amplitude * (top + vertical.fade[y] * (bottom - top));
        }
    }
}

void relief_spectrum(float *plane, size_t lowest, double exponent, double stretch, struct rng *r)
{
    memset(plane, 0, RELIEF_TEXELS * sizeof *plane);
    for (size_t cells = lowest; cells <= CELLS_MAX; cells *= 2) {
        const double amplitude = portable_exp((1 - exponent) * portable_log((double)cells / (double)lowest));
        const size_t along = (size_t)((double)cells / stretch + 0.5);
        relief_noise(plane, cells, along ? along : 1, (float)amplitude, r);
    }
    relief_standardise(plane);
}

void relief_ground(struct relief *t, struct rng *r)
{
    float *cloud = xmalloc(RELIEF_TEXELS, sizeof *cloud);
    const float strength = (float)rng_range(r, 0.1, 0.35);
    relief_spectrum(cloud, 8, rng_range(r, 0.6, 2), rng_range(r, 1, 4), r);
    relief_standardise(t->height);
    relief_standardise(t->position);
    for (size_t i = 0; i < RELIEF_TEXELS; i++) {
        t->height[i] += strength * cloud[i];
        t->position[i] += strength * cloud[i];
    }
    free(cloud);
}
