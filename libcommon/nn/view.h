/* Activations: NHWC, f32 or bf16, with a halo, a frame of `halo` zero pixels around every image, so that a
 * padded convolution reads straight through. A view may show some channels of a wider one: then its pixels lie
 * further apart than they are wide, and a slice or a concatenation costs no copy. A view owns nothing. */
#ifndef NN_VIEW_H
#define NN_VIEW_H
#include "base/tensor.h"
#include <stdbool.h>
#include <stddef.h>

struct view {
    void *data; /* the first element of the halo of image 0 */
    size_t n, h, w, c, halo;
    enum dtype type; /* DT_F32 or DT_BF16 */
    size_t step;     /* elements from one pixel to the next, at least c; 0: c */
};

/* Elements from one pixel to the next; whether they are no more than the channels, so that a row is one stretch. */
static inline size_t view_step(const struct view *v)
{
    return v->step ? v->step : v->c;
}
static inline bool view_dense(const struct view *v)
{
    return view_step(v) == v->c;
}

/* Elements and bytes that a view spans, halo and all (and the channels between, where it is not dense). */
size_t view_size(const struct view *v);
size_t view_bytes(const struct view *v);
/* Elements from one image, row, pixel to the next. */
ptrdiff_t view_image(const struct view *v);
ptrdiff_t view_row(const struct view *v);
/* Pixel (y, x) of image n; y and x may lie in the halo (-halo is its first). */
void *view_pixel(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x);
/* The same of a view in f32. */
float *view_at(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x);
/* The channels [first, first + c) of a view. */
struct view view_channels(const struct view *v, size_t first, size_t c);
/* Zeroes the frames. */
void view_clear_halo(const struct view *v);
/* Zeroes the pixels, not the frames. */
void view_clear(const struct view *v);
/* out = in, or out += in (in f32, rounded to out's type). Both n x h x w x c; types, halos and steps may differ. Run on the pool. */
void view_copy(const struct view *out, const struct view *in);
void view_add(const struct view *out, const struct view *in);
/* One image without its halo, as h x w x c in f32. */
void view_copy_out(float *out, const struct view *v, size_t n);
void view_copy_in(const struct view *v, size_t n, const float *in);
#endif
