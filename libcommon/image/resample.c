#include "image/resample.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ONE = 1 << 14 };

/* Room for n elements; what was in p is lost. */
static void *reserved(void *p, size_t n, size_t size, size_t *capacity)
{
    if (n <= *capacity)
        return p;
    free(p);
    mem_need(n * size, "resampling");
    *capacity = n;
    return xaligned(n, size);
}

/* For n results of at most `most` taps each, and the zero after a last odd one. */
static void filter_reserve(struct resample_filter *f, size_t n, size_t most)
{
    f->taps = reserved(f->taps, n, sizeof *f->taps, &f->taps_capacity);
    f->weights = reserved(f->weights, n * (most + 1), sizeof *f->weights, &f->weights_capacity);
    f->exact = reserved(f->exact, most, sizeof *f->exact, &f->exact_capacity);
}

static void filter_free(struct resample_filter *f)
{
    free(f->taps);
    free(f->weights);
    free(f->exact);
}

void resample_free(struct resample *s)
{
    filter_free(&s->rows);
    filter_free(&s->columns);
    free(s->blended);
    *s = (struct resample){0};
}

/* Exact weights, over their sum, as fixed point: the running sum is rounded, so that the whole is ONE and no
 * error adds up. Weights of zero at the ends are left out. Returns the place for the next tap's weights. */
static int16_t *round_taps(struct resample_taps *t, int16_t *weight, const double *exact, size_t first,
                           size_t n)
{
    double sum = 0, running = 0;
    int before = 0;
    for (size_t i = 0; i < n; i++)
        sum += exact[i];
    for (size_t i = 0; i < n; i++) {
        running += exact[i];
        const int now = (int)(running / sum * ONE + 0.5);
        weight[i] = (int16_t)(now - before);
        before = now;
    }
    for (; weight[n - 1] == 0; n--)
        ;
    for (; weight[0] == 0; first++, weight++, n--)
        ;
    *t = (struct resample_taps){first, n, weight};
    weight[n] = 0;
    return weight + n + (n & 1);
}

/* A triangle as wide as the scale factor when shrinking (and 1 when growing), as in PIL's precompute_coeffs. */
static void filter_triangle(struct resample_filter *f, size_t in, size_t out)
{
    const double scale = (double)in / (double)out, width = scale > 1 ? scale : 1;
    filter_reserve(f, out, 2 * (size_t)ceil(width) + 2);
    int16_t *weight = f->weights;
    for (size_t i = 0; i < out; i++) {
        const double centre = scale * ((double)i + 0.5);
        const size_t first = (size_t)fmax(centre - width + 0.5, 0);
        const size_t end = (size_t)fmin(centre + width + 0.5, (double)in);
        for (size_t j = first; j < end; j++)
            f->exact[j - first] = fmax(0, 1 - fabs((double)j + 0.5 - centre) / width);
        weight = round_taps(&f->taps[i], weight, f->exact, first, end - first);
    }
}

size_t resample_reflected(ptrdiff_t i, size_t n)
{
    const ptrdiff_t period = n > 1 ? 2 * ((ptrdiff_t)n - 1) : 1;
    i = (i % period + period) % period;
    return (size_t)(i < (ptrdiff_t)n ? i : period - i);
}

/* Weights of what is reflected are added to where it comes from. */
static void filter_gaussian(struct resample_filter *f, size_t n, double sigma)
{
    const ptrdiff_t radius = (ptrdiff_t)ceil(3 * sigma);
    const size_t most = n < 2 * (size_t)radius + 1 ? n : 2 * (size_t)radius + 1;
    filter_reserve(f, n, most);
    int16_t *weight = f->weights;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n; i++) {
        const ptrdiff_t low = i < radius ? 0 : i - radius;
        const ptrdiff_t end = i + radius < (ptrdiff_t)n ? i + radius + 1 : (ptrdiff_t)n;
        memset(f->exact, 0, most * sizeof *f->exact);
        for (ptrdiff_t j = -radius; j <= radius; j++)
            f->exact[(ptrdiff_t)resample_reflected(i + j, n) - low] +=
                exp(-0.5 * (double)(j * j) / (sigma * sigma));
        weight = round_taps(&f->taps[i], weight, f->exact, (size_t)low, (size_t)(end - low));
    }
}

/* in: the first sample of a window `width` pixels wide, whose rows are `stride` samples apart. */
static void run(struct raster *out, const uint8_t *in, size_t width, size_t stride, struct resample *s)
{
    enum { BEYOND = 8 }; /* what resample_pixel may read */
    s->blended = reserved(s->blended, 3 * width + BEYOND, sizeof *s->blended, &s->capacity);
    memset(s->blended + 3 * width, 0, BEYOND * sizeof *s->blended);
    uint8_t *to = out->samples;
    for (size_t y = 0; y < out->height; y++) {
        const struct resample_taps *t = &s->rows.taps[y];
        resample_rows(s->blended, in + t->first * stride, stride, 3 * width, t);
        t = s->columns.taps;
        for (size_t x = 0; x < out->width; x++, t++, to += 3)
            resample_pixel(to, s->blended + 3 * t->first, t);
    }
}

void resample_bilinear(struct raster *out, const struct raster *in, const struct window *w,
                       struct resample *s)
{
    filter_triangle(&s->rows, w->height, out->height);
    filter_triangle(&s->columns, w->width, out->width);
    run(out, (const uint8_t *)in->samples + (w->y * in->width + w->x) * 3, w->width, 3 * in->width, s);
}

void resample_gaussian(struct raster *out, const struct raster *in, double sigma, struct resample *s)
{
    filter_gaussian(&s->rows, in->height, sigma);
    filter_gaussian(&s->columns, in->width, sigma);
    run(out, in->samples, in->width, 3 * in->width, s);
}
