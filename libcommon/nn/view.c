#include "nn/view.h"
#include <string.h>

ptrdiff_t view_row(const struct view *v)
{
    return (ptrdiff_t)((v->w + 2 * v->halo) * v->c);
}

ptrdiff_t view_image(const struct view *v)
{
    return (ptrdiff_t)(v->h + 2 * v->halo) * view_row(v);
}

size_t view_size(const struct view *v)
{
    return v->n * (size_t)view_image(v);
}

float *view_at(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x)
{
    const ptrdiff_t halo = (ptrdiff_t)v->halo;
    return v->data + (ptrdiff_t)n * view_image(v) + (y + halo) * view_row(v) + (x + halo) * (ptrdiff_t)v->c;
}

void view_clear_halo(const struct view *v)
{
    if (v->halo == 0)
        return;
    const size_t side = v->halo * v->c, rows = v->halo * (size_t)view_row(v);
    for (size_t n = 0; n < v->n; n++) {
        memset(view_at(v, n, -(ptrdiff_t)v->halo, -(ptrdiff_t)v->halo), 0, rows * sizeof(float));
        memset(view_at(v, n, (ptrdiff_t)v->h, -(ptrdiff_t)v->halo), 0, rows * sizeof(float));
        for (ptrdiff_t y = 0; y < (ptrdiff_t)v->h; y++) {
            memset(view_at(v, n, y, -(ptrdiff_t)v->halo), 0, side * sizeof(float));
            memset(view_at(v, n, y, (ptrdiff_t)v->w), 0, side * sizeof(float));
        }
    }
}

void view_copy_out(float *out, const struct view *v, size_t n)
{
    const size_t row = v->w * v->c;
    for (size_t y = 0; y < v->h; y++)
        memcpy(out + y * row, view_at(v, n, (ptrdiff_t)y, 0), row * sizeof *out);
}

void view_copy_in(const struct view *v, size_t n, const float *in)
{
    const size_t row = v->w * v->c;
    for (size_t y = 0; y < v->h; y++)
        memcpy(view_at(v, n, (ptrdiff_t)y, 0), in + y * row, row * sizeof *in);
}
