#include "padim/grid.h"
#include "base/mem.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t padim_channels(const size_t (*shape)[3], size_t taps)
{
    size_t total = 0;
    for (size_t t = 0; t < taps; t++)
        total += shape[t][2];
    return total;
}

static int ascending(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

size_t *padim_draw(size_t total, size_t n, uint64_t seed)
{
    size_t *index = xmalloc(total, sizeof *index);
    struct rng r = rng_new(seed, 0x706164696d /* "padim" */);
    for (size_t i = 0; i < total; i++)
        index[i] = i;
    rng_shuffle(&r, index, total);
    qsort(index, n, sizeof *index, ascending);
    return index;
}

/* The tap whose grid all others are replicated to; false where none is the largest both ways. */
static bool finest(const struct padim_grid *grid, size_t *best, struct err *e)
{
    *best = 0;
    for (size_t t = 1; t < grid->taps; t++)
        if (grid->shape[t][0] * grid->shape[t][1] > grid->shape[*best][0] * grid->shape[*best][1])
            *best = t;
    for (size_t t = 0; t < grid->taps; t++) {
        const size_t *s = grid->shape[t], *f = grid->shape[*best];
        for (size_t i = 0; i < 3; i++)
            if (!s[i] || s[i] > PADIM_SIDE_MAX)
                return err_set(e, "feature map %zu has a side of %zu", t + 1, s[i]);
        if (s[0] > f[0] || s[1] > f[1])
            return err_set(e, "feature maps of %zux%zu and %zux%zu: neither is the finer", s[0], s[1], f[0],
                           f[1]);
    }
    return true;
}

/* Distinct grids from coarse to fine into order[] (a tap of each); the number of them. */
static size_t order_grids(const struct padim_grid *grid, size_t order[PADIM_TAPS_MAX])
{
    size_t n = 0;
    for (size_t t = 0; t < grid->taps; t++) {
        const size_t *s = grid->shape[t];
        size_t at = 0;
        while (at < n && grid->shape[order[at]][0] * grid->shape[order[at]][1] < s[0] * s[1])
            at++;
        bool seen = false;
        for (size_t i = 0; i < n; i++)
            seen |= grid->shape[order[i]][0] == s[0] && grid->shape[order[i]][1] == s[1];
        if (seen)
            continue;
        memmove(order + at + 1, order + at, (n - at) * sizeof *order);
        order[at] = t;
        n++;
    }
    return n;
}

/* The chosen channels that belong to the grid of tap `like`. */
static void choose_channels(struct padim_level *level, const struct padim_grid *grid, size_t like)
{
    level->tap = xmalloc(grid->channels, sizeof *level->tap);
    level->channel = xmalloc(grid->channels, sizeof *level->channel);
    size_t before = 0, i = 0;
    for (size_t t = 0; t < grid->taps; t++) {
        const size_t *s = grid->shape[t], *l = grid->shape[like];
        for (; i < grid->channels && grid->chosen[i] < before + s[2]; i++)
            if (s[0] == l[0] && s[1] == l[1]) {
                level->tap[level->channels] = t;
                level->channel[level->channels++] = grid->chosen[i] - before;
            }
        before += s[2];
    }
}

/* Splits the positions of one side into cells, level by level. size[l]: the taps' sizes, coarse to fine. */
static void split_side(struct padim_grid *grid, bool columns, const size_t *size)
{
    const size_t positions = size[grid->levels - 1];
    for (size_t l = 0; l < grid->levels; l++) {
        struct padim_side *side = columns ? &grid->level[l].columns : &grid->level[l].rows;
        side->source = xmalloc(positions, sizeof *side->source);
        side->child = xmalloc(positions + 1, sizeof *side->child);
    }
    for (size_t p = 0; p < positions; p++) {
        bool begins = p == 0; /* a cell of a coarser level, hence also of all finer ones */
        for (size_t l = 0; l < grid->levels; l++) {
            struct padim_side *side = columns ? &grid->level[l].columns : &grid->level[l].rows;
            const size_t source = p * size[l] / positions;
            begins |= p && source != (p - 1) * size[l] / positions;
            if (!begins)
                continue;
            if (l + 1 < grid->levels)
                side->child[side->n] = (columns ? &grid->level[l + 1].columns : &grid->level[l + 1].rows)->n;
            side->source[side->n++] = source;
        }
    }
    for (size_t l = 0; l + 1 < grid->levels; l++) {
        struct padim_level *level = &grid->level[l];
        struct padim_side *side = columns ? &level->columns : &level->rows;
        side->child[side->n] = (columns ? &level[1].columns : &level[1].rows)->n;
    }
}

static void build_levels(struct padim_grid *grid)
{
    size_t order[PADIM_TAPS_MAX], height[PADIM_TAPS_MAX] = {0}, width[PADIM_TAPS_MAX] = {0};
    const size_t grids = order_grids(grid, order);
    for (size_t g = 0; g < grids; g++) {
        struct padim_level level = {0};
        choose_channels(&level, grid, order[g]);
        if (!level.channels && g + 1 < grids) {
            free(level.tap);
            free(level.channel);
            continue;
        }
        height[grid->levels] = grid->shape[order[g]][0];
        width[grid->levels] = grid->shape[order[g]][1];
        grid->level[grid->levels++] = level;
    }
    split_side(grid, false, height);
    split_side(grid, true, width);
    size_t first = 0;
    for (size_t l = 0; l < grid->levels; l++) {
        struct padim_level *level = &grid->level[l];
        level->first = first;
        first += level->channels;
        level->values = grid->values;
        grid->values += level->rows.n * level->columns.n * level->channels;
    }
}

bool padim_grid_new(struct padim_grid *grid, const size_t (*shape)[3], size_t taps, const size_t *chosen,
                    size_t n, struct err *e)
{
    *grid = (struct padim_grid){.taps = taps, .channels = n};
    if (!taps || taps > PADIM_TAPS_MAX)
        return err_set(e, "%zu feature maps, 1 to %d are possible", taps, PADIM_TAPS_MAX);
    memcpy(grid->shape, shape, taps * sizeof *shape);
    size_t best;
    if (!finest(grid, &best, e))
        return false;
    const size_t total = padim_channels(shape, taps);
    if (!n || n > total)
        return err_set(e, "%zu channels chosen of %zu", n, total);
    for (size_t i = 0; i < n; i++)
        if (chosen[i] >= total || (i && chosen[i] <= chosen[i - 1]))
            return err_set(e, "the chosen channels are not ascending and below %zu", total);
    grid->height = shape[best][0];
    grid->width = shape[best][1];
    grid->chosen = xmalloc(n, sizeof *grid->chosen);
    memcpy(grid->chosen, chosen, n * sizeof *chosen);
    build_levels(grid);
    return true;
}

void padim_grid_free(struct padim_grid *grid)
{
    for (size_t l = 0; l < grid->levels; l++) {
        struct padim_level *level = &grid->level[l];
        free(level->rows.source);
        free(level->rows.child);
        free(level->columns.source);
        free(level->columns.child);
        free(level->tap);
        free(level->channel);
    }
    free(grid->chosen);
    *grid = (struct padim_grid){0};
}

void padim_descend(const struct padim_grid *grid, bool columns, size_t from, size_t to, size_t *lo,
                   size_t *hi)
{
    for (size_t l = from; l < to; l++) {
        const struct padim_side *side = columns ? &grid->level[l].columns : &grid->level[l].rows;
        *lo = side->child[*lo];
        *hi = side->child[*hi];
    }
}

void padim_values(float *out, const struct padim_grid *grid, const struct taps *taps)
{
    for (size_t l = 0; l < grid->levels; l++) {
        const struct padim_level *level = &grid->level[l];
        for (size_t r = 0; r < level->rows.n; r++)
            for (size_t c = 0; c < level->columns.n; c++)
                for (size_t i = 0; i < level->channels; i++) {
                    const size_t t = level->tap[i], *s = grid->shape[t];
                    const size_t cell = level->rows.source[r] * s[1] + level->columns.source[c];
                    *out++ = taps->tap[t].value[cell * s[2] + level->channel[i]];
                }
    }
}
