#include "train/erase.h"
#include <string.h>

bool erase_window(struct window *w, size_t width, size_t height, const struct crop_range *range,
                  struct rng *r)
{
    for (int attempt = 0; attempt < 10; attempt++) {
        crop_sides(&w->height, &w->width, (double)(width * height), range, r);
        if (w->width >= width || w->height >= height)
            continue;
        w->y = rng_below(r, height - w->height + 1);
        w->x = rng_below(r, width - w->width + 1);
        return true;
    }
    return false;
}

void erase(const struct view *out, size_t n, const struct window *w)
{
    for (size_t y = 0; y < w->height; y++)
        memset(view_at(out, n, (ptrdiff_t)(w->y + y), (ptrdiff_t)w->x), 0, w->width * out->c * sizeof(float));
}
