/* Separable filters on 8-bit RGB, fast and without allocation once the scratch has grown: for pictures by the
 * million (training). resize.h is the exact one, for pictures that are measured.
 *
 * Weights are 14-bit fixed point and sum to one exactly; between the two directions 7 fractional bits are
 * kept. All whole numbers: the same bytes on every CPU. */
#ifndef IMAGE_RESAMPLE_H
#define IMAGE_RESAMPLE_H
#include "base/raster.h"
#include "image/window.h"

/* The sources of one row or column of the result: count weights from source `first` on. Weights are stored in
 * pairs, a last odd one with a zero. */
struct resample_taps {
    size_t first, count;
    const int16_t *weight;
};

/* The taps of one direction. */
struct resample_filter {
    struct resample_taps *taps;
    int16_t *weights;
    double *exact; /* of one tap, before rounding */
    size_t taps_capacity, weights_capacity, exact_capacity;
};

/* What a worker keeps between calls. {0} is empty. */
struct resample {
    struct resample_filter rows, columns;
    int16_t *blended; /* one row of the result before its columns are blended */
    size_t capacity;
};
void resample_free(struct resample *s);

/* The window of in, resized to out's size: bilinear with anti-aliasing, as PIL crops and resizes (one level
 * from it at most). in and out: RGB, maxval 255; the window within in. */
void resample_bilinear(struct raster *out, const struct raster *in, const struct window *w,
                       struct resample *s);

/* Gaussian blur; the kernel ends at ceil(3 sigma), pictures continue by reflection (without repeating the
 * edge). out: of in's size, not in itself. sigma > 0. */
void resample_gaussian(struct raster *out, const struct raster *in, double sigma, struct resample *s);

/* Where index i, which may lie outside, is found in a line of n that is reflected at its ends without
 * repeating them. */
size_t resample_reflected(ptrdiff_t i, size_t n);

/* The two inner loops, plain and in SSE2, for the tests. rows: out[i] is the sum over the taps of weight *
 * in[i + tap * stride], in 1/128; n samples. columns: out is one pixel; in: its first source, readable up to
 * 8 samples from the last pair on. */
void resample_rows_plain(int16_t *out, const uint8_t *in, size_t stride, size_t n,
                         const struct resample_taps *t);
void resample_rows(int16_t *out, const uint8_t *in, size_t stride, size_t n, const struct resample_taps *t);
void resample_pixel_plain(uint8_t out[3], const int16_t *in, const struct resample_taps *t);
void resample_pixel(uint8_t out[3], const int16_t *in, const struct resample_taps *t);
#endif
