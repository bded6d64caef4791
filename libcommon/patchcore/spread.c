#include "patchcore/spread.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>

struct spread spread_new(size_t channels)
{
    return (struct spread){.channels = channels,
                           .sum = xcalloc(channels, sizeof(double)),
                           .square = xcalloc(channels, sizeof(double))};
}

void spread_free(struct spread *s)
{
    free(s->sum);
    free(s->square);
    *s = (struct spread){0};
}

void spread_add(struct spread *s, const float *x, size_t n, size_t dims)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < s->channels; c++) {
            const double v = (double)x[i * dims + c];
            s->sum[c] += v;
            s->square[c] += v * v;
        }
    s->n += n;
}

/* Of n channels from `first` on, together. */
static double variance(const struct spread *s, size_t first, size_t n)
{
    double sum = 0;
    for (size_t c = first; c < first + n; c++) {
        const double mean = s->sum[c] / (double)s->n;
        sum += fmax(s->square[c] / (double)s->n - mean * mean, 0);
    }
    return sum;
}

float *spread_scale(const struct spread *s, const struct spread_layer *layer, size_t layers)
{
    float *scale = xmalloc(s->channels, sizeof *scale);
    double variances = 0, weights = 0;
    for (size_t i = 0, first = 0; i < layers; first += layer[i++].channels) {
        const double v = variance(s, first, layer[i].channels);
        variances += v;
        weights += v > 0 ? layer[i].weight : 0;
    }
    for (size_t i = 0, first = 0; i < layers; first += layer[i++].channels) {
        const double v = variance(s, first, layer[i].channels);
        for (size_t c = first; c < first + layer[i].channels; c++)
            scale[c] = v > 0 ? (float)(sqrt(variances * layer[i].weight / weights) / sqrt(v)) : 1;
    }
    return scale;
}
