#include "num/conv_kernel.h"

static void tile(float *const *out, const float *const *in, const float *panel, const float *bias,
                 const float *const *residual, bool relu, size_t rows, size_t columns,
                 const struct conv_walk *walk)
{
    for (size_t r = 0; r < rows; r++) {
        float sum[CONV_PANEL] = {0};
        const float *b = panel;
        for (size_t s = 0; s < walk->segments; s++) {
            const float *a = in[r] + walk->segment[s].offset;
            for (size_t k = 0; k < walk->segment[s].length; k++, b += CONV_PANEL)
                for (size_t c = 0; c < CONV_PANEL; c++)
                    sum[c] += a[k] * b[c];
        }
        for (size_t c = 0; c < columns; c++) {
            float x = sum[c] + (bias ? bias[c] : 0.0f);
            if (residual)
                x += residual[r][c];
            out[r][c] = relu && !(x > 0.0f) ? 0.0f : x;
        }
    }
}

static void gradient(float *grad, const float *in, const float *dy, size_t pixels, size_t rows)
{
    for (size_t p = 0; p < pixels; p++)
        for (size_t r = 0; r < rows; r++) {
            const float a = in[p * CONV_GRADIENT_DEPTH + r];
            for (size_t c = 0; c < CONV_PANEL; c++)
                grad[r * CONV_PANEL + c] += a * dy[p * CONV_PANEL + c];
        }
}

const struct conv_kernels conv_kernels_plain = {tile, gradient};
