#include "image/crop.h"
#include "base/raster.h"

/* half of n, .5 to the even neighbour */
static size_t half_to_even(size_t n)
{
    size_t down = n / 2;
    return n % 2 && down % 2 ? down + 1 : down;
}

static void set_full(struct geometry *g, size_t width, size_t height, size_t resize, size_t crop)
{
    if (resize == 0)
        *g = (struct geometry){.full_width = width, .full_height = height};
    else if (crop == 0)
        *g = (struct geometry){.full_width = resize, .full_height = resize};
    else if (width <= height)
        *g = (struct geometry){.full_width = resize, .full_height = height * resize / width};
    else
        *g = (struct geometry){.full_width = width * resize / height, .full_height = resize};
}

bool geometry_of(struct geometry *g, size_t width, size_t height, size_t resize, size_t crop, struct err *e)
{
    set_full(g, width, height, resize, crop);
    g->width = crop ? crop : g->full_width;
    g->height = crop ? crop : g->full_height;
    if (g->full_width > RASTER_SIDE_MAX || g->full_height > RASTER_SIDE_MAX)
        return err_set(e, "%zu x %zu pixels cannot become %zu x %zu", width, height, g->full_width,
                       g->full_height);
    if (g->width > g->full_width || g->height > g->full_height)
        return err_set(e, "%zu x %zu pixels are smaller than the crop", g->full_width, g->full_height);
    g->x = half_to_even(g->full_width - g->width);
    g->y = half_to_even(g->full_height - g->height);
    return true;
}

struct seen geometry_seen(const struct geometry *g, size_t width, size_t height)
{
    double across = (double)width / (double)g->full_width, down = (double)height / (double)g->full_height;
    return (struct seen){(double)g->x * across, (double)g->y * down, (double)g->width * across,
                         (double)g->height * down};
}
