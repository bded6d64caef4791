#include "pooled/cam.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* out: one number a position. */
static void weigh(float *out, const struct tap *t, const double *weight)
{
    for (size_t p = 0; p < t->height * t->width; p++) {
        const float *a = t->value + p * t->channels;
        double sum = 0;
        for (size_t c = 0; c < t->channels; c++)
            sum += weight[c] * (double)a[c];
        out[p] = (float)sum;
    }
}

static void add_tap(float *out, struct map_size grid, const struct tap *t, const double *weight)
{
    const size_t cells = grid.height * grid.width, positions = t->height * t->width;
    float *own = xmalloc(positions + cells, sizeof *own), *large = own + positions;
    weigh(own, t, weight);
    map_resize(large, grid.height, grid.width, own, t->height, t->width, 1, MAP_HALF_PIXEL);
    for (size_t i = 0; i < cells; i++)
        out[i] += large[i];
    free(own);
}

void cam_map(float *out, struct map_size grid, const struct taps *image, const double *gradient)
{
    const size_t cells = grid.height * grid.width;
    memset(out, 0, cells * sizeof *out);
    for (size_t i = 0; i < image->n; gradient += image->tap[i++].channels)
        if (image->tap[i].height * image->tap[i].width > 1)
            add_tap(out, grid, &image->tap[i], gradient);
    for (size_t i = 0; i < cells; i++)
        out[i] = out[i] < 0 ? 0 : out[i];
}
