/* A low-rank model's images, position by position (fit.h). */
#include "base/mem.h"
#include "base/thread.h"
#include "num/cholesky.h"
#include "num/gemm.h"
#include "padim/fit.h"
#include <math.h>
#include <stdlib.h>

struct unpacking {
    const struct padim *m;
    float *values;
    double *w, *r; /* a worker: images x channels, images x images */
    bool *failed;  /* a worker */
};

/* The features of a position minus their mean: w. False where they have drowned. */
static bool unpack_position(const struct padim *m, double *w, double *r, size_t position)
{
    const size_t n = m->images, d = m->grid.channels;
    const float *basis = m->basis + position * n * d;
    for (size_t i = 0; i < n * d; i++)
        w[i] = (double)basis[i];
    for (size_t i = 0; i < n * n; i++)
        r[i] = i % (n + 1) == 0 ? 1 : 0;
    gemm_f64(n, n, d, -1, w, (ptrdiff_t)d, 1, w, 1, (ptrdiff_t)d, 1, r, (ptrdiff_t)n, 1);
    if (!cholesky_factor(r, n, n))
        return false;
    for (size_t i = 0; i < n; i++)
        if (r[i * n + i] * r[i * n + i] < PADIM_UNPACK_LEAST)
            return false;
    cholesky_solve(w, d, d, r, n, 0, n);
    const double scale = sqrt(m->ridge * (double)(n - 1));
    for (size_t i = 0; i < n * d; i++)
        w[i] *= scale;
    return true;
}

/* The cell of a level that shows a position, along one side. */
static size_t cell_above(const struct padim_grid *grid, bool columns, size_t l, size_t position)
{
    size_t cell = 0;
    while (true) {
        size_t low = cell, high = cell + 1;
        padim_descend(grid, columns, l, grid->levels - 1, &low, &high);
        if (position < high)
            return cell;
        cell++;
    }
}

/* Whether a cell of a level begins at the position. */
static bool begins(const struct padim_grid *grid, bool columns, size_t l, size_t cell, size_t position)
{
    size_t low = cell, high = cell + 1;
    padim_descend(grid, columns, l, grid->levels - 1, &low, &high);
    return position == low;
}

/* Each cell's values come from the first of its positions. */
static void put_values(const struct unpacking *u, const double *w, size_t row, size_t column)
{
    const struct padim_grid *grid = &u->m->grid;
    for (size_t l = 0; l < grid->levels; l++) {
        const struct padim_level *level = &grid->level[l];
        const size_t r = cell_above(grid, false, l, row), c = cell_above(grid, true, l, column);
        const size_t at = level->values + (r * level->columns.n + c) * level->channels;
        if (!begins(grid, false, l, r, row) || !begins(grid, true, l, c, column))
            continue;
        for (size_t i = 0; i < u->m->images; i++)
            for (size_t k = 0; k < level->channels; k++)
                u->values[i * grid->values + at + k] =
                    (float)((double)u->m->mean[at + k] + w[i * grid->channels + level->first + k]);
    }
}

static void unpack_task(void *arg, size_t position, size_t worker)
{
    struct unpacking *u = arg;
    const struct padim *m = u->m;
    double *w = u->w + worker * m->images * m->grid.channels, *r = u->r + worker * m->images * m->images;
    if (unpack_position(m, w, r, position))
        put_values(u, w, position / m->grid.width, position % m->grid.width);
    else
        u->failed[worker] = true;
}

bool padim_unpack(float *values, const struct padim *model)
{
    const size_t n = model->images, workers = pool_size();
    struct unpacking u = {.m = model, .values = values};
    bool good = true;
    u.w = xmalloc(workers * n * model->grid.channels, sizeof *u.w);
    u.r = xmalloc(workers * n * n, sizeof *u.r);
    u.failed = xcalloc(workers, sizeof *u.failed);
    pool_run(model->grid.height * model->grid.width, unpack_task, &u);
    for (size_t w = 0; w < workers; w++)
        good &= !u.failed[w];
    free(u.w);
    free(u.r);
    free(u.failed);
    return good;
}
