#include "padim/padim.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/cholesky.h"
#include "num/vector.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

size_t padim_cell_size(const struct padim_level *level)
{
    return cholesky_packed_size(level->first, level->channels);
}

size_t padim_size(const struct padim_grid *grid, size_t images, enum padim_form form)
{
    size_t total = 0, n;
    if (form == PADIM_LOW_RANK)
        return mem_mul(grid->height * grid->width, images, &n) && mem_mul(n, grid->channels, &n) ? n
                                                                                                 : SIZE_MAX;
    for (size_t l = 0; l < grid->levels; l++) {
        const struct padim_level *level = &grid->level[l];
        if (!mem_mul(level->rows.n * level->columns.n, padim_cell_size(level), &n) ||
            !mem_add(total, n, &total))
            return SIZE_MAX;
    }
    return total;
}

enum padim_form padim_choose(const struct padim_grid *grid, size_t images)
{
    return padim_size(grid, images, PADIM_LOW_RANK) < padim_size(grid, images, PADIM_PACKED) ? PADIM_LOW_RANK
                                                                                             : PADIM_PACKED;
}

void padim_free(struct padim *model)
{
    if (!model->borrowed) {
        free(model->mean);
        free(model->basis);
        for (size_t l = 0; l < model->grid.levels; l++)
            free(model->factor[l]);
    }
    padim_grid_free(&model->grid);
    *model = (struct padim){0};
}

struct scoring {
    float *map;
    const struct padim *model;
    const float *values;
    double *workspace; /* grid.channels a worker */
};

/* The centred values of a cell's own channels into z. */
static void centre(double *z, const struct scoring *s, const struct padim_level *level, size_t cell)
{
    const size_t at = level->values + cell * level->channels;
    for (size_t i = 0; i < level->channels; i++)
        z[i] = (double)s->values[at + i] - (double)s->model->mean[at + i];
}

/* One cell and all below it. z: centred or solved, by form, as far as the cells above went; squares: the sum
 * so far of squares of z. */
static void score_cell(const struct scoring *s, double *z, size_t l, size_t row, size_t column,
                       double squares)
{
    const struct padim *model = s->model;
    const struct padim_level *level = &model->grid.level[l];
    const size_t cell = row * level->columns.n + column, first = level->first, n = level->channels;
    centre(z + first, s, level, cell);
    if (model->form == PADIM_PACKED) {
        if (n)
            squares += vector_forward(z, model->factor[l] + cell * padim_cell_size(level), first, n);
    } else {
        for (size_t i = 0; i < n; i++)
            squares += z[first + i] * z[first + i];
    }
    if (l + 1 < model->grid.levels) {
        for (size_t r = level->rows.child[row]; r < level->rows.child[row + 1]; r++)
            for (size_t c = level->columns.child[column]; c < level->columns.child[column + 1]; c++)
                score_cell(s, z, l + 1, r, c, squares);
        return;
    }
    if (model->form == PADIM_LOW_RANK) {
        const size_t channels = model->grid.channels;
        const float *w = model->basis + cell * model->images * channels;
        squares = (squares - vector_projection(w, z, model->images, channels)) / model->ridge;
    }
    s->map[cell] = (float)sqrt(squares < 0 ? 0 : squares);
}

static void score_row(void *arg, size_t task, size_t worker)
{
    const struct scoring *s = arg;
    for (size_t c = 0; c < s->model->grid.level[0].columns.n; c++)
        score_cell(s, s->workspace + worker * s->model->grid.channels, 0, task, c, 0);
}

void padim_distances(float *map, const struct padim *model, const float *values)
{
    struct scoring s = {map, model, values, NULL};
    s.workspace = xcalloc(pool_size() * model->grid.channels, sizeof *s.workspace);
    pool_run(model->grid.level[0].rows.n, score_row, &s);
    free(s.workspace);
}
