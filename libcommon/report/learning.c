#include "report/learning.h"
#include "base/err.h"
#include "base/mem.h"
#include "stream/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const columns[] = {"image_auroc", "pixel_auroc", "aupro"};

static double figure(const char *path, const struct table *t, size_t row, ptrdiff_t column)
{
    const char *text = t->cell[row][column];
    char *end;
    if (strcmp(text, "-") == 0)
        return NAN;
    const double x = strtod(text, &end);
    if (end == text || *end || !isfinite(x))
        die("%s: line %zu: '%s' is no number", path, row + 2, text);
    return x;
}

/* The point of so many images, in its place. */
static struct learning_point *point_of(struct learning *l, size_t *capacity, double images)
{
    size_t i = 0;
    while (i < l->n && l->point[i].images < images)
        i++;
    if (i < l->n && l->point[i].images == images)
        return &l->point[i];
    l->point = xgrow(l->point, l->n, capacity, sizeof *l->point);
    memmove(l->point + i + 1, l->point + i, (l->n - i) * sizeof *l->point);
    l->n++;
    l->point[i] = (struct learning_point){.images = images};
    return &l->point[i];
}

static void add(struct learning_point *p, size_t k, double x)
{
    p->mean[k] += (x - p->mean[k]) / (double)p->fits;
    p->low[k] = p->fits == 1 ? x : fmin(p->low[k], x);
    p->high[k] = p->fits == 1 ? x : fmax(p->high[k], x);
}

struct learning learning_read(const char *path)
{
    struct learning l = {0};
    struct table t;
    size_t capacity = 0;
    ptrdiff_t column[LEARNING_FIGURES];
    table_read(&t, path);
    const ptrdiff_t images = table_column(&t, "images");
    for (size_t k = 0; k < LEARNING_FIGURES; k++)
        if ((column[k] = table_column(&t, columns[k])) < 0 || images < 0)
            die("%s: no column %s", path, images < 0 ? "images" : columns[k]);
    for (size_t i = 0; i < t.rows; i++) {
        struct learning_point *p = point_of(&l, &capacity, figure(path, &t, i, images));
        p->fits++;
        for (size_t k = 0; k < LEARNING_FIGURES; k++)
            add(p, k, figure(path, &t, i, column[k]));
    }
    if (l.n == 0)
        die("%s: holds no row", path);
    table_free(&t);
    return l;
}

double learning_gain(const struct learning *l)
{
    const struct learning_point *last = &l->point[l->n - 1];
    for (size_t i = l->n - 1; i-- > 0;)
        if (2 * l->point[i].images <= last->images)
            return last->mean[0] - l->point[i].mean[0];
    return NAN;
}

void learning_free(struct learning *l)
{
    free(l->point);
}
