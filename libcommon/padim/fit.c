/* A fit from images to Gaussians:
 *   add      an image's values (grid.h: the chosen channels, each cell of a coarse tap once) go to the spool
 *   end      bands of rows, as many as 64 MB of all images' values hold; for each:
 *     read   the band's values of every image, from all over the spool
 *     cells  on the pool, a task a cell of the coarsest level with all that lies below it (cell.h): mean, covariance, its factor;
 *            then, with another factor of nearly the same matrix, every image's distance had it been left out (fit.h)
 *   So the whole set is read once, and memory holds the model, the distances left out, one band, and a workspace a thread. */
#include "padim/fit.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/spool.h"
#include "base/thread.h"
#include "padim/cell.h"
#include <stdint.h>
#include <stdlib.h>

/* Bytes of a band, unless one row of the coarsest level takes more. */
#define BAND_BYTES ((size_t)64 << 20)

struct padim_fit {
    struct padim_grid grid;
    struct spool *spool;
    size_t images;           /* in it */
    const struct padim *old; /* whose scatter joins theirs, or NULL */
};

struct padim_fit *padim_fit_new(struct padim_grid *grid)
{
    struct padim_fit *fit = xmalloc(1, sizeof *fit);
    *fit = (struct padim_fit){.grid = *grid, .spool = spool_new("features")};
    *grid = (struct padim_grid){0};
    return fit;
}

struct padim_fit *padim_fit_resume(const struct padim *old, struct err *e)
{
    struct padim_grid grid;
    if (!padim_grid_new(&grid, old->grid.shape, old->grid.taps, old->grid.chosen, old->grid.channels, e))
        return NULL;
    struct padim_fit *fit = padim_fit_new(&grid);
    if (old->form == PADIM_PACKED) {
        fit->old = old;
        return fit;
    }
    mem_need(old->images * old->grid.values * sizeof(float), "the images of a low-rank model");
    float *values = xaligned(old->images * old->grid.values, sizeof *values);
    const bool good = padim_unpack(values, old);
    for (size_t i = 0; good && i < old->images; i++)
        padim_fit_add(fit, values + i * old->grid.values);
    free(values);
    if (good)
        return fit;
    padim_fit_free(fit);
    err_set(e, "its features are so large beside the ridge of %g that it has lost them: fit all images anew",
            old->ridge);
    return NULL;
}

void padim_fit_free(struct padim_fit *fit)
{
    padim_grid_free(&fit->grid);
    spool_free(fit->spool);
    free(fit);
}

const struct padim_grid *padim_fit_grid(const struct padim_fit *fit)
{
    return &fit->grid;
}

void padim_fit_add(struct padim_fit *fit, const float *values)
{
    if (fit->images == PADIM_IMAGES_MAX)
        die("more than %d training images", PADIM_IMAGES_MAX);
    spool_add(fit->spool, values, fit->grid.values * sizeof *values);
    fit->images++;
}

size_t padim_fit_images(const struct padim_fit *fit)
{
    return fit->images;
}

/* Rows [*lo, *hi) of a level that lie in a band of the coarsest. */
static void band_rows(const struct padim_grid *grid, size_t first, size_t rows, size_t l, size_t *lo,
                      size_t *hi)
{
    *lo = first;
    *hi = first + rows;
    padim_descend(grid, false, 0, l, lo, hi);
}

static size_t level_row(const struct padim_level *level)
{
    return level->columns.n * level->channels;
}

/* Floats of one image in the largest band of this many rows. */
static size_t band_floats(const struct padim_grid *grid, size_t rows, size_t l)
{
    size_t most = 0;
    for (size_t first = 0; first < grid->level[0].rows.n; first += rows) {
        const size_t left = grid->level[0].rows.n - first;
        size_t lo, hi;
        band_rows(grid, first, left < rows ? left : rows, l, &lo, &hi);
        most = hi - lo > most ? hi - lo : most;
    }
    return most * level_row(&grid->level[l]);
}

/* Bytes of all images in it; SIZE_MAX on overflow. */
static size_t band_bytes(const struct padim_grid *grid, size_t rows, size_t images)
{
    size_t floats = 0, bytes;
    for (size_t l = 0; l < grid->levels; l++)
        floats += band_floats(grid, rows, l);
    return mem_mul(floats * sizeof(float), images, &bytes) ? bytes : SIZE_MAX;
}

static size_t choose_band(const struct padim_grid *grid, size_t images)
{
    size_t rows = grid->level[0].rows.n;
    while (rows > 1 && band_bytes(grid, rows, images) > BAND_BYTES)
        rows = (rows + 1) / 2;
    return rows;
}

static void read_band(struct padim_task *task, const struct padim_fit *fit, size_t first, size_t rows)
{
    const struct padim_grid *grid = &task->model->grid;
    for (size_t l = 0; l < grid->levels; l++) {
        const struct padim_level *level = &grid->level[l];
        size_t lo, hi;
        band_rows(grid, first, rows, l, &lo, &hi);
        task->low[l] = lo;
        task->count[l] = hi - lo;
        const size_t n = (hi - lo) * level_row(level), offset = level->values + lo * level_row(level);
        for (size_t i = 0; i < fit->images && n; i++)
            spool_read(fit->spool, task->band[l] + i * n, n * sizeof(float),
                       (uint64_t)(i * grid->values + offset) * sizeof(float));
    }
}

/* A band on the pool: one pool task a cell of the coarsest level. */
struct run {
    struct padim_task task;
    struct padim_work *work; /* per worker */
    double *memory;
    bool *failed; /* per worker */
    size_t first; /* row */
};

static void run_cell(void *arg, size_t task, size_t worker)
{
    struct run *run = arg;
    const size_t columns = run->task.model->grid.level[0].columns.n;
    if (!padim_fit_cell(&run->task, &run->work[worker], run->first + task / columns, task % columns))
        run->failed[worker] = true;
}

static size_t bytes_of(size_t n, size_t size)
{
    size_t bytes;
    return mem_mul(n, size, &bytes) ? bytes : SIZE_MAX;
}

/* Checks that everything will fit: model, leave-one-out maps, a band, the workspaces. */
static void need(const struct padim_task *task, size_t rows, bool left_out)
{
    const struct padim *model = task->model;
    const size_t part[] = {
        bytes_of(padim_size(&model->grid, task->total, model->form), sizeof(float)),
        bytes_of(model->grid.values, sizeof(float)),
        left_out ? bytes_of(task->images, model->grid.height * model->grid.width * sizeof(float)) : 0,
        band_bytes(&model->grid, rows, task->images),
        bytes_of(padim_work_size(task), pool_size() * sizeof(double))};
    size_t total = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (!mem_add(total, part[i], &total))
            total = SIZE_MAX;
    mem_need(total, "the fit");
}

static void take_model(struct padim *model)
{
    const struct padim_grid *grid = &model->grid;
    model->mean = xaligned(grid->values, sizeof *model->mean);
    if (model->form == PADIM_LOW_RANK)
        model->basis = xaligned(padim_size(grid, model->images, PADIM_LOW_RANK), sizeof *model->basis);
    for (size_t l = 0; l < grid->levels && model->form == PADIM_PACKED; l++)
        model->factor[l] =
            xaligned(grid->level[l].rows.n * grid->level[l].columns.n * padim_cell_size(&grid->level[l]),
                     sizeof *model->factor[l]);
}

static void take_workspaces(struct run *run, size_t rows)
{
    const struct padim_grid *grid = &run->task.model->grid;
    const size_t size = padim_work_size(&run->task);
    for (size_t l = 0; l < grid->levels; l++)
        run->task.band[l] = xaligned(run->task.images * band_floats(grid, rows, l), sizeof(float));
    run->memory = xaligned(pool_size() * size, sizeof *run->memory);
    run->work = xmalloc(pool_size(), sizeof *run->work);
    run->failed = xcalloc(pool_size(), sizeof *run->failed);
    for (size_t w = 0; w < pool_size(); w++)
        run->work[w] = padim_work_at(run->memory + w * size, &run->task);
}

static void free_workspaces(struct run *run)
{
    for (size_t l = 0; l < run->task.model->grid.levels; l++)
        free(run->task.band[l]);
    free(run->memory);
    free(run->work);
    free(run->failed);
}

static void run_bands(struct run *run, const struct padim_fit *fit, size_t rows)
{
    const struct padim_level *coarsest = &run->task.model->grid.level[0];
    struct progress progress = progress_start("rows of cells", coarsest->rows.n);
    for (; run->first < coarsest->rows.n; run->first += rows) {
        const size_t left = coarsest->rows.n - run->first, count = left < rows ? left : rows;
        read_band(&run->task, fit, run->first, count);
        pool_run(count * coarsest->columns.n, run_cell, run);
        for (size_t w = 0; w < pool_size(); w++)
            if (run->failed[w])
                die("a covariance is not positive definite: --ridge %g vanishes beside the features' scale",
                    run->task.model->ridge);
        progress_add(&progress, count);
    }
    progress_end(&progress);
}

void padim_fit_end(struct padim *model, struct padim_fit *fit, double ridge, enum padim_form form,
                   float **left_out)
{
    const size_t total = fit->images + (fit->old ? fit->old->images : 0);
    *model = (struct padim){.grid = fit->grid, .images = total, .ridge = ridge};
    model->form = fit->old ? PADIM_PACKED : form == PADIM_AUTO ? padim_choose(&model->grid, total) : form;
    struct run run = {.task = {.model = model, .old = fit->old, .images = fit->images, .total = total}};
    run.task.n = fit->images + (fit->old != NULL);
    run.task.width = padim_widest_subtree(&model->grid);
    const size_t rows = choose_band(&model->grid, fit->images);
    need(&run.task, rows, left_out);
    take_model(model);
    if (left_out)
        *left_out = run.task.left_out =
            xmalloc(fit->images * model->grid.height * model->grid.width, sizeof **left_out);
    take_workspaces(&run, rows);
    run_bands(&run, fit, rows);
    free_workspaces(&run);
    spool_free(fit->spool);
    free(fit);
}
