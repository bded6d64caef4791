/* Activations: NHWC, f32 or bf16, with a halo, a frame of `halo` zero pixels around every image, so that a
 * padded convolution reads straight through. A view owns nothing. */
#ifndef NN_VIEW_H
#define NN_VIEW_H
#include "base/tensor.h"
#include <stddef.h>

struct view {
    void *data; /* the first element of the halo of image 0 */
    size_t n, h, w, c, halo;
    enum dtype type; /* DT_F32 or DT_BF16 */
};

/* Elements and bytes that a view spans, halo and all. */
size_t view_size(const struct view *v);
size_t view_bytes(const struct view *v);
/* Elements from one image, row, pixel to the next. */
ptrdiff_t view_image(const struct view *v);
ptrdiff_t view_row(const struct view *v);
/* Pixel (y, x) of image n; y and x may lie in the halo (-halo is its first). */
void *view_pixel(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x);
/* The same of a view in f32. */
float *view_at(const struct view *v, size_t n, ptrdiff_t y, ptrdiff_t x);
/* Zeroes the frames. */
void view_clear_halo(const struct view *v);
/* One image without its halo, as h x w x c in f32. */
void view_copy_out(float *out, const struct view *v, size_t n);
void view_copy_in(const struct view *v, size_t n, const float *in);
#endif
