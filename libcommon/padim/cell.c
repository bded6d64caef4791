#include "padim/cell.h"
#include "base/mem.h"
#include "num/cholesky.h"
#include "num/gemm.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Columns of the subtree of a cell. */
static size_t subtree_width(const struct padim_grid *grid, size_t l, size_t row, size_t column)
{
    size_t width = 0;
    for (size_t to = l; to < grid->levels; to++) {
        size_t r[2] = {row, row + 1}, c[2] = {column, column + 1};
        padim_descend(grid, false, l, to, &r[0], &r[1]);
        padim_descend(grid, true, l, to, &c[0], &c[1]);
        width += (r[1] - r[0]) * (c[1] - c[0]) * grid->level[to].channels;
    }
    return width;
}

size_t padim_widest_subtree(const struct padim_grid *grid)
{
    size_t widest = 0;
    for (size_t r = 0; r < grid->level[0].rows.n; r++)
        for (size_t c = 0; c < grid->level[0].columns.n; c++) {
            const size_t width = subtree_width(grid, 0, r, c);
            widest = width > widest ? width : widest;
        }
    return widest;
}

enum { ARRAYS = 8 };

/* Elements of the arrays of padim_work, in its order. */
static bool work_sizes(size_t size[ARRAYS], const struct padim_task *task)
{
    const struct padim_grid *grid = &task->model->grid;
    const bool packed = task->model->form == PADIM_PACKED;
    const size_t n = task->n, d = grid->channels;
    size_t square;
    memset(size, 0, ARRAYS * sizeof *size);
    if (!mem_mul(n, task->width, &size[0]))
        return false;
    if (packed)
        return mem_mul(d, task->width, &size[1]) && mem_mul(d, n, &size[2]) &&
               mem_mul(grid->levels, n, &size[3]) && mem_mul(task->old ? d : 0, task->width, &size[7]);
    if (!mem_mul(n, n, &square) || !mem_mul(grid->levels, square, &size[4]) || !mem_mul(n, d, &size[5]))
        return false;
    size[1] = size[2] = square;
    size[6] = size[5];
    return true;
}

size_t padim_work_size(const struct padim_task *task)
{
    size_t size[ARRAYS], total = 0;
    bool fits = work_sizes(size, task);
    for (size_t i = 0; i < ARRAYS && fits; i++)
        fits = mem_add(total, size[i], &total);
    return fits ? total : SIZE_MAX;
}

struct padim_work padim_work_at(double *memory, const struct padim_task *task)
{
    struct padim_work work = {0};
    double **const array[ARRAYS] = {&work.x,    &work.u,    &work.z, &work.q,
                                    &work.gram, &work.path, &work.w, &work.old};
    size_t size[ARRAYS];
    work_sizes(size, task);
    for (size_t i = 0; i < ARRAYS; i++) {
        *array[i] = memory;
        memory += size[i];
    }
    return work;
}

/* A cell, and the column of its subtree in the matrices. */
struct cell {
    size_t level, row, column, at;
};

/* What a descent does at a cell; false ends it. */
typedef bool visit(const struct padim_task *task, struct padim_work *work, struct cell cell);

static bool visit_children(const struct padim_task *task, struct padim_work *work, struct cell parent,
                           visit *fn)
{
    const struct padim_grid *grid = &task->model->grid;
    const struct padim_level *level = &grid->level[parent.level];
    if (parent.level + 1 == grid->levels)
        return true;
    struct cell child = {.level = parent.level + 1, .at = parent.at + level->channels};
    for (child.row = level->rows.child[parent.row]; child.row < level->rows.child[parent.row + 1];
         child.row++)
        for (child.column = level->columns.child[parent.column];
             child.column < level->columns.child[parent.column + 1]; child.column++) {
            if (!fn(task, work, child))
                return false;
            child.at += subtree_width(grid, child.level, child.row, child.column);
        }
    return true;
}

static size_t cell_index(const struct padim_level *level, struct cell cell)
{
    return cell.row * level->columns.n + cell.column;
}

/* Own channels of the cell, of all images, into x; their mean into the model; x minus the mean. An old model counts in the
 * mean by its images; in x it is one more row, so that x^T x is the scatter of these images and of the old mean. */
static bool load_cell(const struct padim_task *task, struct padim_work *work, struct cell cell)
{
    const struct padim_level *level = &task->model->grid.level[cell.level];
    const size_t k = level->channels, n = task->images;
    const size_t stride = task->count[cell.level] * level->columns.n * k;
    const float *from =
        task->band[cell.level] + ((cell.row - task->low[cell.level]) * level->columns.n + cell.column) * k;
    const size_t at = level->values + cell_index(level, cell) * k;
    const double before = (double)(task->total - n);
    for (size_t j = 0; j < k; j++) {
        double sum = 0, *x = work->x + cell.at + j;
        const double old = task->old ? (double)task->old->mean[at + j] : 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)from[i * stride + j];
        const double mean = (sum + before * old) / (double)task->total;
        task->model->mean[at + j] = (float)mean;
        for (size_t i = 0; i < n; i++)
            x[i * task->width] = (double)from[i * stride + j] - mean;
        if (task->old)
            x[n * task->width] = sqrt(before) * (old - mean);
    }
    return visit_children(task, work, cell, load_cell);
}

/* The old factor's columns of the cell and of all below it. */
static bool load_old(const struct padim_task *task, struct padim_work *work, struct cell cell)
{
    const struct padim_level *level = &task->model->grid.level[cell.level];
    const float *in = task->old->factor[cell.level];
    double *own = work->old + cell.at;
    if (level->channels)
        in += cell_index(level, cell) * padim_cell_size(level);
    for (size_t i = 0; i < level->channels; i++)
        for (size_t m = 0; m < level->first + level->channels; m++)
            own[m * task->width + i] = m <= level->first + i ? (double)*in++ : 0;
    return visit_children(task, work, cell, load_old);
}

/* Rows of the factor for the own channels of a cell, over all columns of its subtree. The rows above are
 * there already. */
static bool factor_rows(const struct padim_task *task, struct padim_work *work, struct cell cell,
                        double ridge)
{
    const struct padim_grid *grid = &task->model->grid;
    const struct padim_level *level = &grid->level[cell.level];
    const size_t k = level->channels, width = subtree_width(grid, cell.level, cell.row, cell.column);
    const ptrdiff_t row = (ptrdiff_t)task->width;
    const double *x = work->x + cell.at;
    double *u = work->u + cell.at, *own = u + level->first * task->width;
    gemm_f64(k, width, task->n, 1 / (double)(task->total - 1), x, 1, row, x, row, 1, 0, own, row, 1);
    if (task->old) { /* its scatter: (N - 1) (U^T U - ridge I) */
        const double part = (double)(task->old->images - 1) / (double)(task->total - 1);
        const double *old = work->old + cell.at;
        gemm_f64(k, width, level->first + k, part, old, 1, row, old, row, 1, 1, own, row, 1);
        ridge -= part * task->old->ridge;
    }
    for (size_t i = 0; i < k; i++)
        own[i * task->width + i] += ridge;
    return cholesky_continue(u, task->width, level->first, k, width);
}

static bool pack_cell(const struct padim_task *task, struct padim_work *work, struct cell cell)
{
    const struct padim_level *level = &task->model->grid.level[cell.level];
    if (level->channels) {
        if (!factor_rows(task, work, cell, task->model->ridge))
            return false;
        cholesky_pack(task->model->factor[cell.level] + cell_index(level, cell) * padim_cell_size(level),
                      work->u + cell.at, task->width, level->first, level->channels);
    }
    return visit_children(task, work, cell, pack_cell);
}

/* The ridge of B / (N - 1), of fit.h. */
static double left_out_ridge(const struct padim_task *task)
{
    return task->model->ridge * (double)(task->total - 2) / (double)(task->total - 1);
}

/* distance^2 of image i left out, from q and 1 - c q. */
static void left_out_store(const struct padim_task *task, size_t image, size_t position, double q,
                           double rest)
{
    const struct padim_grid *grid = &task->model->grid;
    const double n = (double)task->total, c = n / (n - 1);
    task->left_out[image * grid->height * grid->width + position] =
        (float)sqrt(fmax(0, c * c * (n - 2) * q / rest));
}

/* Own rows of z = U^-T x for every image, and the sums of their squares. */
static void solve_images(const struct padim_task *task, struct padim_work *work, struct cell cell)
{
    const struct padim_level *level = &task->model->grid.level[cell.level];
    const size_t k = level->channels, n = task->n;
    double *own = work->z + level->first * n, *q = work->q + cell.level * n;
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < n; i++)
            own[j * n + i] = work->x[i * task->width + cell.at + j];
    cholesky_solve(work->z, n, n, work->u + cell.at, task->width, level->first, k);
    if (cell.level)
        memcpy(q, q - n, n * sizeof *q);
    else
        memset(q, 0, n * sizeof *q);
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < n; i++)
            q[i] += own[j * n + i] * own[j * n + i];
}

static bool leave_out_cell(const struct padim_task *task, struct padim_work *work, struct cell cell)
{
    const struct padim_grid *grid = &task->model->grid;
    const double n = (double)task->total;
    if (grid->level[cell.level].channels && !factor_rows(task, work, cell, left_out_ridge(task)))
        return false;
    solve_images(task, work, cell);
    if (cell.level + 1 < grid->levels)
        return visit_children(task, work, cell, leave_out_cell);
    const double *squares = work->q + cell.level * task->n;
    for (size_t i = 0; i < task->images; i++) {
        const double q = squares[i] / (n - 1);
        left_out_store(task, i, cell_index(&grid->level[cell.level], cell), q, 1 - n / (n - 1) * q);
    }
    return true;
}

/* u = upper factor of gram + ridge I. */
static bool factor_gram(const struct padim_task *task, struct padim_work *work, const double *gram,
                        double ridge)
{
    const size_t n = task->n;
    memcpy(work->u, gram, n * n * sizeof *gram);
    for (size_t i = 0; i < n; i++)
        work->u[i * n + i] += ridge;
    return cholesky_factor(work->u, n, n);
}

static bool leave_out_low_rank(const struct padim_task *task, struct padim_work *work, const double *gram,
                               size_t position)
{
    const size_t n = task->n;
    const double t = task->model->ridge * (double)(n - 2);
    if (!factor_gram(task, work, gram, t))
        return false;
    memset(work->z, 0, n * n * sizeof *work->z);
    for (size_t i = 0; i < n; i++)
        work->z[i * n + i] = 1;
    cholesky_solve(work->z, n, n, work->u, n, 0, n);
    for (size_t i = 0; i < n; i++) {
        double g = 0;
        for (size_t j = i; j < n; j++)
            g += work->z[j * n + i] * work->z[j * n + i];
        /* 1 - c q with q = 1 - t g, without the cancellation */
        left_out_store(task, i, position, 1 - t * g, ((double)n * t * g - 1) / (double)(n - 1));
    }
    return true;
}

static bool basis_position(const struct padim_task *task, struct padim_work *work, const double *gram,
                           size_t position)
{
    const size_t n = task->n, d = task->model->grid.channels;
    if (!factor_gram(task, work, gram, task->model->ridge * (double)(n - 1)))
        return false;
    memcpy(work->w, work->path, n * d * sizeof *work->w);
    cholesky_solve(work->w, d, d, work->u, n, 0, n);
    float *basis = task->model->basis + position * n * d;
    for (size_t i = 0; i < n * d; i++)
        basis[i] = (float)work->w[i];
    return !task->left_out || leave_out_low_rank(task, work, gram, position);
}

static bool low_rank_cell(const struct padim_task *task, struct padim_work *work, struct cell cell)
{
    const struct padim_grid *grid = &task->model->grid;
    const struct padim_level *level = &grid->level[cell.level];
    const size_t k = level->channels, n = task->n;
    const double *x = work->x + cell.at;
    double *gram = work->gram + cell.level * n * n;
    for (size_t i = 0; i < n; i++)
        memcpy(work->path + i * grid->channels + level->first, x + i * task->width, k * sizeof *x);
    if (cell.level)
        memcpy(gram, gram - n * n, n * n * sizeof *gram);
    else
        memset(gram, 0, n * n * sizeof *gram);
    if (k)
        gemm_f64(n, n, k, 1, x, (ptrdiff_t)task->width, 1, x, 1, (ptrdiff_t)task->width, 1, gram,
                 (ptrdiff_t)n, 1);
    if (cell.level + 1 < grid->levels)
        return visit_children(task, work, cell, low_rank_cell);
    return basis_position(task, work, gram, cell_index(level, cell));
}

bool padim_fit_cell(const struct padim_task *task, struct padim_work *work, size_t row, size_t column)
{
    const struct cell cell = {.row = row, .column = column};
    load_cell(task, work, cell);
    if (task->old)
        load_old(task, work, cell);
    if (task->model->form == PADIM_LOW_RANK)
        return low_rank_cell(task, work, cell);
    return pack_cell(task, work, cell) && (!task->left_out || leave_out_cell(task, work, cell));
}
