#include "nn/view.h"
#include "base/thread.h"
#include "nn/element.h"
#include "num/bf16.h"
#include <string.h>

ptrdiff_t view_row(const struct view *v)
{
    return (ptrdiff_t)((v->w + 2 * v->halo) * view_step(v));
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
        (ptrdiff_t)n * view_image(v) + (y + halo) * view_row(v) + (x + halo) * (ptrdiff_t)view_step(v);
    return (char *)v->data + at * (ptrdiff_t)dtype_size(v->type);
}

float *view_at(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x)
{
    return view_pixel(v, n, y, x);
}

struct view view_channels(const struct view *v, size_t first, size_t c)
{
    struct view part = *v;
    part.step = view_step(v);
    part.c = c;
    part.data = v->data ? (char *)v->data + first * dtype_size(v->type) : NULL;
    return part;
}

/* Zeroes `pixels` pixels of a row from (y, x) on. */
static void clear_pixels(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x, size_t pixels)
{
    const size_t run = view_dense(v) ? pixels : 1;
    for (size_t i = 0; i < pixels; i += run)
        memset(view_pixel(v, n, y, x + (ptrdiff_t)i), 0, run * v->c * dtype_size(v->type));
}

void view_clear_halo(const struct view *v)
{
    const ptrdiff_t halo = (ptrdiff_t)v->halo, h = (ptrdiff_t)v->h, w = (ptrdiff_t)v->w;
    for (size_t n = 0; n < v->n; n++) {
        for (ptrdiff_t y = 0; y < halo; y++) {
            clear_pixels(v, n, y - halo, -halo, v->w + 2 * v->halo);
            clear_pixels(v, n, h + y, -halo, v->w + 2 * v->halo);
        }
        for (ptrdiff_t y = 0; halo && y < h; y++) {
            clear_pixels(v, n, y, -halo, v->halo);
            clear_pixels(v, n, y, w, v->halo);
        }
    }
}

/* What view_copy and its kin do to each row; in may be NULL. */
struct rows {
    const struct view *out, *in;
    bool add;
};

static void convert(void *out, enum dtype to, const void *in, enum dtype from, size_t n)
{
    if (to == from)
        memcpy(out, in, n * dtype_size(to));
    else if (to == DT_BF16)
        bf16_narrow(out, in, n);
    else
        bf16_widen(out, in, n);
}

/* Inlined for each pair of types, so that the compiler makes vectors of the loop. */
static inline __attribute__((always_inline)) void add_as(void *restrict out, enum dtype to,
                                                         const void *restrict in, enum dtype from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        element_put(out, i, to, element_get(out, i, to) + element_get(in, i, from));
}

static void add(void *out, enum dtype to, const void *in, enum dtype from, size_t n)
{
    if (to == DT_F32 && from == DT_F32)
        add_as(out, DT_F32, in, DT_F32, n);
    else if (to == DT_F32)
        add_as(out, DT_F32, in, DT_BF16, n);
    else
        add_as(out, to, in, from, n);
}

static void do_row(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct rows *r = arg;
    const struct view *out = r->out, *in = r->in;
    const size_t n = task / out->h;
    const ptrdiff_t y = (ptrdiff_t)(task % out->h);
    const size_t run = view_dense(out) && (!in || view_dense(in)) ? out->w : 1;
    if (!in)
        clear_pixels(out, n, y, 0, out->w);
    for (size_t x = 0; in && x < out->w; x += run)
        (r->add ? add : convert)(view_pixel(out, n, y, (ptrdiff_t)x), out->type,
                                 view_pixel(in, n, y, (ptrdiff_t)x), in->type, run * out->c);
}

void view_clear(const struct view *v)
{
    pool_run(v->n * v->h, do_row, &(struct rows){v, NULL, false});
}

void view_copy(const struct view *out, const struct view *in)
{
    pool_run(out->n * out->h, do_row, &(struct rows){out, in, false});
}

void view_add(const struct view *out, const struct view *in)
{
    pool_run(out->n * out->h, do_row, &(struct rows){out, in, true});
}

/* One image of a view, and the same number of floats in a row. */
static struct view image_of(const struct view *v, size_t n)
{
    struct view one = *v;
    one.data = (char *)v->data + (ptrdiff_t)n * view_image(v) * (ptrdiff_t)dtype_size(v->type);
    one.n = 1;
    return one;
}

static struct view plain(const struct view *v, void *floats)
{
    return (struct view){.data = floats, .n = 1, .h = v->h, .w = v->w, .c = v->c, .type = DT_F32};
}

/* Not by view_copy: callers run these on the pool, an image a task. */
static void copy_rows(const struct view *out, const struct view *in)
{
    struct rows r = {out, in, false};
    for (size_t y = 0; y < out->h; y++)
        do_row(&r, y, 0);
}

void view_copy_out(float *out, const struct view *v, size_t n)
{
    const struct view to = plain(v, out), from = image_of(v, n);
    copy_rows(&to, &from);
}

void view_copy_in(const struct view *v, size_t n, const float *in)
{
    const struct view to = image_of(v, n), from = plain(v, (float *)in);
    copy_rows(&to, &from);
}
