#include "conv/conv_store.h"

enum { ROWS = 6 };

static void tile(const struct conv_tile *t)
{
    for (size_t r = 0; r < t->rows; r++) {
        float sum[CONV_PANEL] = {0};
        const float *b = t->panel;
        for (size_t s = 0; s < t->walk->segments; s++) {
            const float *a = (const float *)t->in[r] + t->walk->segment[s].offset;
            for (size_t k = 0; k < t->walk->segment[s].length; k++, b += CONV_PANEL)
                for (size_t c = 0; c < CONV_PANEL; c++)
                    sum[c] += a[k] * b[c];
        }
        conv_store(t, r, 0, sum, t->columns);
    }
}

static void gradient(float *grad, const void *in_pixels, const void *dy_pixels, size_t steps, size_t rows,
                     size_t columns)
{
    const float *in = in_pixels, *dy = dy_pixels;
    for (size_t p = 0; p < steps; p++)
        for (size_t r = 0; r < rows; r++) {
            const float a = in[p * CONV_GRADIENT_DEPTH + r];
            for (size_t c = 0; c < columns; c++)
                grad[r * CONV_PANEL + c] += a * dy[p * CONV_PANEL + c];
        }
}

/* u8 times s8, for CPUs without instructions for it. */
static void byte_tile(const struct conv_tile *t)
{
    for (size_t r = 0; r < t->rows; r++) {
        int32_t sum[CONV_PANEL] = {0};
        float x[CONV_PANEL];
        const int8_t *b = t->panel;
        for (size_t s = 0; s < t->walk->segments; s++) {
            const uint8_t *a = (const uint8_t *)t->in[r] + t->walk->segment[s].offset;
            for (size_t k = 0; k < t->walk->segment[s].length; k += 4, b += 4 * CONV_PANEL)
                for (size_t c = 0; c < CONV_PANEL; c++)
                    sum[c] += a[k] * b[4 * c] + a[k + 1] * b[4 * c + 1] + a[k + 2] * b[4 * c + 2] +
                              a[k + 3] * b[4 * c + 3];
        }
        for (size_t c = 0; c < CONV_PANEL; c++)
            x[c] = (float)sum[c] * t->scale[c];
        conv_store(t, r, 0, x, t->columns);
    }
}

const struct conv_kernels conv_bytes = {.rows = ROWS, .granule = 4, .tile = byte_tile};
const struct conv_kernels conv_plain = {.rows = ROWS,
                                        .granule = 1,
                                        .tile = tile,
                                        .gradient = gradient,
                                        .gradient_rows = ROWS,
                                        .gradient_steps = 1};
