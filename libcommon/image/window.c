#include "image/window.h"
#include <math.h>

/* [*from, *from + *length) becomes the whole numbers nearest to its ends, within [0, n). */
static bool round_span(double from, double length, size_t n, size_t *start, size_t *count)
{
    double first = floor(from + 0.5), last = floor(from + length + 0.5), side = (double)n;
    if (!(first >= -1 && last <= side + 1))
        return false;
    first = first < 0 ? 0 : first;
    last = last > side ? side : last;
    *start = (size_t)first;
    *count = last > first ? (size_t)(last - first) : 0;
    return *count > 0;
}

bool window_of(struct window *w, double x, double y, double width, double height, size_t picture_width,
               size_t picture_height)
{
    return round_span(x, width, picture_width, &w->x, &w->width) &&
           round_span(y, height, picture_height, &w->y, &w->height);
}
