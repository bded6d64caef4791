#include "train/crop.h"
#include <math.h>

struct window crop_centre(size_t width, size_t height)
{
    const size_t side = width < height ? width : height;
    return (struct window){(width - side) / 2, (height - side) / 2, side, side};
}

void crop_sides(size_t *width, size_t *height, double area, const struct crop_range *range, struct rng *r)
{
    const double wanted = area * rng_range(r, range->area_min, range->area_max);
    const double aspect = exp(rng_range(r, log(range->aspect_min), log(range->aspect_max)));
    *width = (size_t)nearbyint(sqrt(wanted * aspect));
    *height = (size_t)nearbyint(sqrt(wanted / aspect));
}

static size_t at_most(double x, size_t limit)
{
    return x < (double)limit ? (size_t)fmax(nearbyint(x), 1) : limit;
}

/* The middle, as wide or high as the aspects permit. */
static struct window crop_middle(size_t width, size_t height, const struct crop_range *range)
{
    const double aspect = (double)width / (double)height;
    struct window w = {.width = width, .height = height};
    if (aspect < range->aspect_min)
        w.height = at_most((double)width / range->aspect_min, height);
    else if (aspect > range->aspect_max)
        w.width = at_most((double)height * range->aspect_max, width);
    w.x = (width - w.width) / 2;
    w.y = (height - w.height) / 2;
    return w;
}

struct window crop_resized(size_t width, size_t height, const struct crop_range *range, struct rng *r)
{
    for (int attempt = 0; attempt < 10; attempt++) {
        struct window w;
        crop_sides(&w.width, &w.height, (double)(width * height), range, r);
        if (w.width == 0 || w.width > width || w.height == 0 || w.height > height)
            continue;
        w.y = rng_below(r, height - w.height + 1);
        w.x = rng_below(r, width - w.width + 1);
        return w;
    }
    return crop_middle(width, height, range);
}

ptrdiff_t crop_start(size_t n, size_t side, struct rng *r)
{
    return n >= side ? (ptrdiff_t)rng_below(r, n - side + 1) : -(ptrdiff_t)rng_below(r, side - n + 1);
}
