#include "nn/view.h"
#include "num/bf16.h"
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

size_t view_bytes(const struct view *v)
{
    return view_size(v) * dtype_size(v->type);
}

void *view_pixel(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x)
{
    const ptrdiff_t halo = (ptrdiff_t)v->halo;
    const ptrdiff_t at =
        (ptrdiff_t)n * view_image(v) + (y + halo) * view_row(v) + (x + halo) * (ptrdiff_t)v->c;
    return (char *)v->data + at * (ptrdiff_t)dtype_size(v->type);
}

float *view_at(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x)
{
    return view_pixel(v, n, y, x);
}

void view_clear_halo(const struct view *v)
{
    if (v->halo == 0)
        return;
    const ptrdiff_t before = -(ptrdiff_t)v->halo;
    const size_t side = v->halo * v->c * dtype_size(v->type);
    const size_t rows = v->halo * (size_t)view_row(v) * dtype_size(v->type);
    for (size_t n = 0; n < v->n; n++) {
        memset(view_pixel(v, n, before, before), 0, rows);
        memset(view_pixel(v, n, (ptrdiff_t)v->h, before), 0, rows);
        for (ptrdiff_t y = 0; y < (ptrdiff_t)v->h; y++) {
            memset(view_pixel(v, n, y, before), 0, side);
            memset(view_pixel(v, n, y, (ptrdiff_t)v->w), 0, side);
        }
    }
}

void view_copy_out(float *out, const struct view *v, size_t n)
{
    const size_t row = v->w * v->c;
    for (size_t y = 0; y < v->h; y++)
        if (v->type == DT_BF16)
            bf16_widen(out + y * row, view_pixel(v, n, (ptrdiff_t)y, 0), row);
        else
            memcpy(out + y * row, view_at(v, n, (ptrdiff_t)y, 0), row * sizeof *out);
}

void view_copy_in(const struct view *v, size_t n, const float *in)
{
    const size_t row = v->w * v->c;
    for (size_t y = 0; y < v->h; y++)
        if (v->type == DT_BF16)
            bf16_narrow(view_pixel(v, n, (ptrdiff_t)y, 0), in + y * row, row);
        else
            memcpy(view_at(v, n, (ptrdiff_t)y, 0), in + y * row, row * sizeof *in);
}
