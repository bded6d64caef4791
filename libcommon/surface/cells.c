#include "base/mem.h"
#include "surface/programs.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { CELLS = 64 };

/* A lattice of points, one a cell, moved within; odd rows are moved by half a cell where `offset`. */
struct lattice {
    size_t nx, ny;
    float width, height; /* of a cell, in pixels */
    bool offset;
    float x[CELLS][CELLS], y[CELLS][CELLS]; /* the point of [row][column], in pixels */
    float tone[CELLS][CELLS];
};

static void lattice_draw(struct lattice *l, size_t nx, size_t ny, bool offset, double jitter, struct rng *r)
{
    l->nx = nx;
    l->ny = ny;
    l->offset = offset;
    l->width = (float)RELIEF_SIDE / (float)nx;
    l->height = (float)RELIEF_SIDE / (float)ny;
    for (size_t j = 0; j < ny; j++)
        for (size_t i = 0; i < nx; i++) {
            const double shift = offset && j % 2 ? 0.5 : 0;
            l->x[j][i] = l->width * (float)((double)i + 0.5 + shift + rng_range(r, -jitter, jitter));
            l->y[j][i] = l->height * (float)((double)j + 0.5 + rng_range(r, -jitter, jitter));
            l->tone[j][i] = (float)rng_uniform(r);
        }
}

/* The shortest way on the torus. */
static float around(float d)
{
    return d > RELIEF_SIDE / 2 ? d - RELIEF_SIDE : d < -RELIEF_SIDE / 2 ? d + RELIEF_SIDE : d;
}

/* How far (x, y) is from the border of its cell, where two points are equally near; and that cell's tone. */
static float border(const struct lattice *l, float x, float y, float *tone)
{
    float first = 1e9f, second = 1e9f;
    const size_t row = (size_t)(y / l->height), column = (size_t)(x / l->width);
    for (size_t dj = 0; dj < 5; dj++)
        for (size_t di = 0; di < 5; di++) {
            const size_t j = (row + dj + l->ny - 2) % l->ny, i = (column + di + l->nx - 2) % l->nx;
            const float dx = around(x - l->x[j][i]), dy = around(y - l->y[j][i]), d = dx * dx + dy * dy;
            if (d < first) {
                second = first;
                first = d;
                *tone = l->tone[j][i];
            } else if (d < second)
                second = d;
        }
    return (sqrtf(second) - sqrtf(first)) / 2;
}

/* The same of a brick: the point is its corner, so that upright joints are jittered. */
static float brick(const struct lattice *l, float x, float y, float *tone)
{
    const size_t row = (size_t)(y / l->height) % l->ny;
    const float v = y - (float)row * l->height;
    float left = 1e9f, right = 1e9f;
    for (size_t i = 0; i < l->nx; i++) {
        const float d = around(x - l->x[row][i]);
        if (d >= 0 && d < left) {
            left = d;
            *tone = l->tone[row][i];
        }
        if (d < 0 && -d < right)
            right = -d;
    }
    const float upright = left < right ? left : right, flat = v < l->height - v ? v : l->height - v;
    return upright < flat ? upright : flat;
}

/* Gap, edge and colours of a cell. */
struct mortar {
    float gap, edge; /* the height rises between these distances from the border */
    float tint, joint;
};

static void fill(struct relief *t, const struct lattice *l, bool bricks, const struct mortar *m)
{
    for (size_t y = 0; y < RELIEF_SIDE; y++)
        for (size_t x = 0; x < RELIEF_SIDE; x++) {
            const size_t i = y * RELIEF_SIDE + x;
            float tone = 0;
            const float far =
                bricks ? brick(l, (float)x, (float)y, &tone) : border(l, (float)x, (float)y, &tone);
            const float inside = smooth_step(m->gap, m->edge, far);
            t->height[i] = inside * (1 + 0.3f * tone);
            t->position[i] = inside * m->tint * tone + (1 - inside) * m->joint;
        }
}

void program_cells(struct relief *t, struct rng *r)
{
    enum { BRICKS, HEXAGONS, VORONOI, KINDS };
    struct lattice *l = xmalloc(1, sizeof *l);
    const size_t kind = rng_below(r, KINDS);
    const double size = 6 * sqrt(rng_range(r, 1, 30)), jitter = rng_range(r, 0, 0.5); /* 6 to 33 pixels */
    const double aspect = sqrt(kind == BRICKS ? rng_range(r, 1, 3) : 1);
    struct mortar m = {.gap = (float)rng_range(r, 0, 3) / 2};
    m.edge = m.gap + (float)rng_range(r, 0.8, 4);
    m.tint = (float)rng_range(r, 0, 2);
    m.joint = (float)rng_range(r, -2, 2);
    size_t nx = (size_t)(RELIEF_SIDE / (size * aspect) + 0.5);
    size_t ny = (size_t)(RELIEF_SIDE * aspect / (size * (kind == HEXAGONS ? 0.866 : 1)) + 0.5);
    nx = nx < 3 ? 3 : nx > CELLS ? CELLS : nx;
    ny = (ny < 4 ? 4 : ny > CELLS ? CELLS : ny) & ~(size_t)1;
    lattice_draw(l, nx, ny, kind != VORONOI, kind == VORONOI ? 0.2 + 0.6 * jitter : 0.5 * jitter, r);
    fill(t, l, kind == BRICKS, &m);
    free(l);
}
