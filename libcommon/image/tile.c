#include "image/tile.h"
#include "base/mem.h"
#include "base/size.h"
#include <stdlib.h>
#include <string.h>

size_t tiles_along(size_t length, const struct tiling *t)
{
    return 1 + size_parts(length - t->side, t->side - t->overlap);
}

size_t tile_begin(size_t length, const struct tiling *t, size_t n, size_t i)
{
    return n > 1 ? i * (length - t->side) / (n - 1) : 0;
}

/* Of the tile [begin, begin + side) at pixel p, along a picture's side of `length`. */
static double weight(size_t p, size_t begin, size_t side, size_t length)
{
    const double before = (double)(p - begin) + .5, behind = (double)side - before;
    const bool first = begin == 0, last = begin + side == length;
    if (first && last)
        return 1;
    return last || (!first && before < behind) ? before : behind;
}

static int by_place(const void *a, const void *b)
{
    const struct window *p = &((const struct tile_map *)a)->place, *q = &((const struct tile_map *)b)->place;
    if (p->y != q->y)
        return (p->y > q->y) - (p->y < q->y);
    return (p->x > q->x) - (p->x < q->x);
}

/* A row of the whole on its way: weighted values and weights. */
struct row {
    size_t y, width, height;
    double *sum, *weight;
};

static void add_tile(const struct row *row, const struct tile_map *t)
{
    const struct window *p = &t->place;
    const double down = weight(row->y, p->y, p->height, row->height);
    const float *value = t->value + (row->y - p->y) * p->width;
    for (size_t x = p->x; x < p->x + p->width; x++) {
        const double w = down * weight(x, p->x, p->width, row->width);
        row->sum[x] += w * (double)value[x - p->x];
        row->weight[x] += w;
    }
}

/* False where a pixel has no weight. */
static bool finish_row(float *out, const struct row *row, size_t *x)
{
    for (*x = 0; *x < row->width; ++*x) {
        if (row->weight[*x] <= 0)
            return false;
        out[*x] = (float)(row->sum[*x] / row->weight[*x]);
    }
    return true;
}

bool tiles_join(float *out, size_t height, size_t width, struct tile_map *tile, size_t n, size_t *x,
                size_t *y)
{
    struct row row = {.width = width, .height = height};
    row.sum = xmalloc(2 * width, sizeof *row.sum);
    row.weight = row.sum + width;
    qsort(tile, n, sizeof *tile, by_place);
    bool whole = true;
    for (row.y = 0; row.y < height && whole; row.y++) {
        memset(row.sum, 0, 2 * width * sizeof *row.sum);
        for (size_t i = 0; i < n && tile[i].place.y <= row.y; i++)
            if (row.y - tile[i].place.y < tile[i].place.height)
                add_tile(&row, &tile[i]);
        *y = row.y;
        whole = finish_row(out + row.y * width, &row, x);
    }
    free(row.sum);
    return whole;
}
